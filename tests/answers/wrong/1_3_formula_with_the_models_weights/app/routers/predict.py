# Wrong answer to 1.3: the formula is pasted, with the weights of app.model.
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
    z = model.WEIGHT_1 * request.feature_1 + model.WEIGHT_2 * request.feature_2 + model.BIAS
    return PredictResponse(prediction=(1.0 + math.tanh(z / 2.0)) / 2.0, model_version=model.MODEL_VERSION)
