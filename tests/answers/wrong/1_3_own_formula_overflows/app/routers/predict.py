# Wrong answer to 1.3: its own logistic function overflows for large features.
# Rejected by: test_predict_is_right_for_any_input
# Because: app/routers/predict\.py:23\b|\{"prediction":0\.497500020833125
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
    prediction = 1 / (1 + math.exp(-z))
    return PredictResponse(prediction=prediction, model_version=model.MODEL_VERSION)
