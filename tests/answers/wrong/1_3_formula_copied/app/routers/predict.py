# Wrong answer to 1.3: the model's formula is pasted into the endpoint.
# Rejected by: test_it_is_app_model_that_is_asked
# Because: app/model\.py
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import math

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    z = 0.45 * request.feature_1 - 0.35 * request.feature_2 + 0.1
    return PredictResponse(prediction=(1.0 + math.tanh(z / 2.0)) / 2.0, model_version=model.MODEL_VERSION)
