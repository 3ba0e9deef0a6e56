# Wrong answer to 1.3: the cache takes features that differ after the sixth digit for the same.
# Rejected by: test_predict_is_right_for_any_input
# Because: For \{'feature_1'
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()
known: dict[tuple[float, float], float] = {}


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    key = round(request.feature_1, 6), round(request.feature_2, 6)
    if key not in known:
        known[key] = model.predict(request.feature_1, request.feature_2)
    return PredictResponse(prediction=known[key], model_version=model.MODEL_VERSION)
