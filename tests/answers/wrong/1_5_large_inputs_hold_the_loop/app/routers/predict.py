# Wrong answer to 1.5: features above 100 wait by time.sleep on the loop, all others as they should.
# Rejected by: test_requests_wait_together
# Because: The event loop stood at app/routers/predict\.py:23\b
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
    if max(abs(request.feature_1), abs(request.feature_2)) > 100:
        # Out of range: the slow path.
        time.sleep(settings.inference_seconds)
    else:
        await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
