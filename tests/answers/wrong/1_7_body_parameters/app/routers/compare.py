# Wrong answer to 1.7: none of the three takes a PredictRequest: two parameters of the body let NaN, infinities and unknown fields through.
# Rejected by: test_all_three_answer_as_predict_does
# Because: The body of POST /predict/sync was .+\"feature_3\"
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Body

from app import model
from app.schemas import PredictResponse
from app.settings import settings

router = APIRouter(prefix="/predict")


def answer(feature_1: float, feature_2: float) -> PredictResponse:
    """What the model says; the same for all three, so that only the wait differs."""
    return PredictResponse(
        prediction=model.predict(feature_1, feature_2),
        model_version=model.MODEL_VERSION,
    )


# A plain `def` endpoint is called on a thread of the pool: a sleeping thread holds nobody up,
# until all 40 of them sleep.
@router.post("/sync")
def predict_sync(feature_1: Annotated[float, Body()], feature_2: Annotated[float, Body()]) -> PredictResponse:
    """Waits on a thread of the pool."""
    time.sleep(settings.inference_seconds)
    return answer(feature_1, feature_2)


# An `async def` endpoint runs on the loop's thread; `await` gives the loop back while it waits.
@router.post("/async")
async def predict_async(feature_1: Annotated[float, Body()], feature_2: Annotated[float, Body()]) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    await asyncio.sleep(settings.inference_seconds)
    return answer(feature_1, feature_2)


# `async def` without `await`: the loop's only thread sleeps, and no request, not even /health,
# is looked at until it wakes up. It is the commonest mistake in async services.
@router.post("/broken")
async def predict_broken(feature_1: Annotated[float, Body()], feature_2: Annotated[float, Body()]) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    time.sleep(settings.inference_seconds)
    return answer(feature_1, feature_2)
