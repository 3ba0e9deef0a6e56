# Right answer to 1.3: the function and the version are imported by name
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app.model import MODEL_VERSION
from app.model import predict as probability
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(prediction=probability(request.feature_1, request.feature_2), model_version=MODEL_VERSION)
