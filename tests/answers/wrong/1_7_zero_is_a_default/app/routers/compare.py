# Wrong answer to 1.7: a wait of 0 is taken for none that was set, and becomes the default of 0.1 s.
# Rejected by: test_all_three_answer_as_predict_does
# Because: a request to /predict/sync slept for 0\.1 s at app/routers/compare\.py:31\b
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
    time.sleep(settings.inference_seconds or 0.1)
    return answer(request)


# An `async def` endpoint runs on the loop's thread; `await` gives the loop back while it waits.
@router.post("/async")
async def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    await asyncio.sleep(settings.inference_seconds or 0.1)
    return answer(request)


# `async def` without `await`: the loop's only thread sleeps, and no request, not even /health,
# is looked at until it wakes up. It is the commonest mistake in async services.
@router.post("/broken")
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    time.sleep(settings.inference_seconds or 0.1)
    return answer(request)
