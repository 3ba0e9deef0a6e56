# Wrong answer to 1.7: /sync waits half on a thread and half on the loop.
# Rejected by: test_sync_waits_on_threads_of_the_pool
# Because: Part 2 of the wait is spent on the event loop
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter(prefix="/predict")


def answer(request: PredictRequest) -> PredictResponse:
    """What the model says; the same for all three, so that only the wait differs."""
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )


@router.post("/sync")
async def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    await run_in_threadpool(time.sleep, settings.inference_seconds / 2)
    await asyncio.sleep(settings.inference_seconds / 2)
    return answer(request)


@router.post("/async")
async def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    await asyncio.sleep(settings.inference_seconds)
    return answer(request)


@router.post("/broken")
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    time.sleep(settings.inference_seconds)
    return answer(request)
