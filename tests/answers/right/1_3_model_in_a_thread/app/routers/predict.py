# Right answer to 1.3: the model is asked on a thread while the endpoint waits
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    _, prediction = await asyncio.gather(
        asyncio.sleep(settings.inference_seconds),
        asyncio.to_thread(model.predict, request.feature_1, request.feature_2),
    )
    return PredictResponse(prediction=prediction, model_version=model.MODEL_VERSION)
