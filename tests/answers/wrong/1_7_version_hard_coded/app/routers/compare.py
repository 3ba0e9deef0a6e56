# Wrong answer to 1.7: the version of today's model stands in the code, and its formula too.
# Rejected by: test_all_three_answer_as_predict_does
# Because: POST /predict/sync answered .+ but that model says
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import math
import time

from fastapi import APIRouter

from app.model import BIAS, WEIGHT_1, WEIGHT_2
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter(prefix="/predict")


def answer(request: PredictRequest) -> PredictResponse:
    """What the model says; the same for all three, so that only the wait differs."""
    z = WEIGHT_1 * request.feature_1 + WEIGHT_2 * request.feature_2 + BIAS
    return PredictResponse(prediction=(1.0 + math.tanh(z / 2.0)) / 2.0, model_version="1.0.0")


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
    time.sleep(settings.inference_seconds)
    return answer(request)
