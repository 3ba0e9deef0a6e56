# Right answer to 1.3, 1.5: predictions are cached by both features, the wait is not
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
from functools import lru_cache

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

cached_predict = lru_cache(maxsize=1024)(model.predict)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=cached_predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
