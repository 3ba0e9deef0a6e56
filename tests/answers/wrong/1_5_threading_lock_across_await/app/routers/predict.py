# Wrong answer to 1.5: a thread's lock is held across an await: the second request stops the loop for good.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:23\b
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import threading

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

lock = threading.Lock()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    with lock:
        await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
