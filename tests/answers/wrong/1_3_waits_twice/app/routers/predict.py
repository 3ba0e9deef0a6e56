# Wrong answer to 1.3: it waits once before the model is asked, and once after it.
# Rejected by: test_every_request_waits
# Because: With INFERENCE_SECONDS=0\.25, POST /predict slept for 0\.50 s\.
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
    await asyncio.sleep(settings.inference_seconds)
    prediction = model.predict(request.feature_1, request.feature_2)
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(prediction=prediction, model_version=model.MODEL_VERSION)
