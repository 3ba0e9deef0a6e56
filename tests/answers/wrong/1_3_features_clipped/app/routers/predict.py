# Wrong answer to 1.3: features are clipped to the range from -10 to 10.
# Rejected by: test_predict_is_right_for_any_input
# Because: TODO
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
    feature_1 = max(-10.0, min(10.0, request.feature_1))
    feature_2 = max(-10.0, min(10.0, request.feature_2))
    return PredictResponse(prediction=model.predict(feature_1, feature_2), model_version=model.MODEL_VERSION)
