# Wrong answer to 1.7: /broken never holds the loop for longer than half a second, whatever the settings say.
# Rejected by: test_broken_holds_the_loop
# Because: With INFERENCE_SECONDS=600 a request to /predict/broken held the event loop for [01]\.\d\d s
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time

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
    await asyncio.sleep(settings.inference_seconds)
    return answer(request)


# `async def` without `await`: the loop's only thread sleeps, and no request, not even /health,
# is looked at until it wakes up. It is the commonest mistake in async services.
@router.post("/broken")
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    time.sleep(min(settings.inference_seconds, 0.5))
    return answer(request)
