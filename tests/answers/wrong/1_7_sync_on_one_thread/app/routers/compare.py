# Wrong answer to 1.7: sync waits on the one thread of its own pool, in turn.
# Rejected by: test_sync_waits_on_threads_of_the_pool
# Because: /predict/sync
# Because: app/routers/compare\.py:32\b
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

pool = ThreadPoolExecutor(max_workers=1)

router = APIRouter(prefix="/predict")


def answer(request: PredictRequest) -> PredictResponse:
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )


@router.post("/sync")
def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    pool.submit(time.sleep, settings.inference_seconds).result()
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
