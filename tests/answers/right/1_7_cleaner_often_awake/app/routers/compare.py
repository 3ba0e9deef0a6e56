# Right answer to 1.7: a cache of predictions, which a task that the first request to /predict/async starts empties over and over.
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter(prefix="/predict")
known: dict[tuple[float, float], float] = {}
cleaner: asyncio.Task[None] | None = None


async def clean() -> None:
    """So that the cache doesn't grow forever."""
    while True:
        await asyncio.sleep(0.06)
        known.clear()


def answer(request: PredictRequest) -> PredictResponse:
    """What the model says; the same for all three, so that only the wait differs."""
    key = (request.feature_1, request.feature_2)
    prediction = known.get(key)
    if prediction is None:
        prediction = known[key] = model.predict(*key)
    return PredictResponse(prediction=prediction, model_version=model.MODEL_VERSION)


# A plain `def` endpoint is called on a thread of the pool: a sleeping thread holds nobody up,
# until all 40 of them sleep.
@router.post("/sync")
def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    time.sleep(settings.inference_seconds)
    return answer(request)


# An `async def` endpoint runs on the loop's thread; `await` gives the loop back while it waits.
@router.post("/async")
async def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    global cleaner
    if cleaner is None:
        cleaner = asyncio.create_task(clean())
    await asyncio.sleep(settings.inference_seconds)
    return answer(request)


# `async def` without `await`: the loop's only thread sleeps, and no request, not even /health,
# is looked at until it wakes up. It is the commonest mistake in async services.
@router.post("/broken")
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    time.sleep(settings.inference_seconds)
    return answer(request)
