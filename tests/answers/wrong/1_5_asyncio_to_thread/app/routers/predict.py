# Wrong answer to 1.5: the loop's own pool has a few threads for each CPU and 32 at most.
# Rejected by: test_requests_wait_together or test_more_wait_together_than_the_pool_has_threads
# Because: app/routers/predict\.py:21\b
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
    await asyncio.to_thread(time.sleep, settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
