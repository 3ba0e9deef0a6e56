# Wrong answer to 1.5: the second half of the wait is on the 40 threads of the pool.
# Rejected by: test_every_part_of_the_wait_is_shared
# Because: A later part is not
# Because: the pool, which has 40
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import time

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds / 2)
    await run_in_threadpool(time.sleep, settings.inference_seconds / 2)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
