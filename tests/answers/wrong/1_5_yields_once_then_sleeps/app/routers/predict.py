# Wrong answer to 1.5: `await asyncio.sleep(0)` before time.sleep does not make it wait elsewhere.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:22\b
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(0)
    time.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
