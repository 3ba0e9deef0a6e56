# Wrong answer to 1.3: two requests that differ in the third digit get the same answer.
# Rejected by: test_predict_is_right_for_any_input
# Because: TODO
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
from functools import lru_cache

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@lru_cache(maxsize=1024)
def cached(feature_1: float, feature_2: float) -> float:
    return model.predict(feature_1, feature_2)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=cached(round(request.feature_1, 2), round(request.feature_2, 2)),
        model_version=model.MODEL_VERSION,
    )
