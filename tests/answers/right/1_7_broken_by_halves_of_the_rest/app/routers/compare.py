# Right answer to 1.7: /broken sleeps for a half of what is left of its wait, again and again.
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


@router.post("/sync")
def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    time.sleep(settings.inference_seconds)
    return answer(request)


@router.post("/async")
async def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    await asyncio.sleep(settings.inference_seconds)
    return answer(request)


@router.post("/broken")
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    until = time.monotonic() + settings.inference_seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(left / 2 if left > 0.01 else left)
    return answer(request)
