# Wrong answer to 1.7: /sync starts a thread for each request.
# Rejected by: test_sync_waits_on_threads_of_the_pool
# Because: each has one made for it
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time
import threading

from fastapi import APIRouter

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
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        time.sleep(settings.inference_seconds)
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=wait).start()
    await done.wait()
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
