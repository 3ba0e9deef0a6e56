# Wrong answer to 1.3: the cache knows predictions by feature_1 alone.
# Rejected by: test_predict_is_right_for_any_input
# Because: For \{'feature_1': [\d.]+, 'feature_2': [\d.]+\} the answer was
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

cache: dict[float, float] = {}


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    if request.feature_1 not in cache:
        cache[request.feature_1] = model.predict(request.feature_1, request.feature_2)
    return PredictResponse(prediction=cache[request.feature_1], model_version=model.MODEL_VERSION)
