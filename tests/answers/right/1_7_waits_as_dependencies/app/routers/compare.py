# Right answer to 1.7: each way to wait is a dependency
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time

from fastapi import APIRouter, Depends

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings


def on_a_thread() -> None:
    time.sleep(settings.inference_seconds)


async def on_the_loop() -> None:
    await asyncio.sleep(settings.inference_seconds)


async def holding_the_loop() -> None:
    time.sleep(settings.inference_seconds)


router = APIRouter(prefix="/predict")


def answer(request: PredictRequest) -> PredictResponse:
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )


@router.post("/sync", dependencies=[Depends(on_a_thread)])
async def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    return answer(request)


@router.post("/async", dependencies=[Depends(on_the_loop)])
async def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    return answer(request)


@router.post("/broken", dependencies=[Depends(holding_the_loop)])
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    return answer(request)
