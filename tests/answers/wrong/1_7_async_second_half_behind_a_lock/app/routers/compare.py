# Wrong answer to 1.7: the second half of the wait of /async is behind a lock.
# Rejected by: test_async_waits_on_the_loop
# Because: A later part is not
# Because: 1 waited, 47 others had to wait
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter(prefix="/predict")
lock = asyncio.Lock()


def answer(request: PredictRequest) -> PredictResponse:
    """What the model says; the same for all three, so that only the wait differs."""
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )


@router.post("/sync")
def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    time.sleep(settings.inference_seconds)
    return answer(request)


@router.post("/async")
async def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    await asyncio.sleep(settings.inference_seconds / 2)
    async with lock:
        await asyncio.sleep(settings.inference_seconds / 2)
    return answer(request)


@router.post("/broken")
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    time.sleep(settings.inference_seconds)
    return answer(request)
