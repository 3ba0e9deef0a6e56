# Right answer to 1.7: a factory makes the three endpoints
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

Endpoint = Callable[[PredictRequest], Any]
router = APIRouter(prefix="/predict")


def answer(request: PredictRequest) -> PredictResponse:
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )


def on_a_thread(sleep: Callable[[float], None]) -> Endpoint:
    def endpoint(request: PredictRequest) -> PredictResponse:
        sleep(settings.inference_seconds)
        return answer(request)

    return endpoint


def on_the_loop(sleep: Callable[[float], Awaitable[None] | None]) -> Endpoint:
    async def endpoint(request: PredictRequest) -> PredictResponse:
        waiting = sleep(settings.inference_seconds)
        if waiting is not None:
            await waiting
        return answer(request)

    return endpoint


router.post("/sync", response_model=PredictResponse)(on_a_thread(time.sleep))
router.post("/async", response_model=PredictResponse)(on_the_loop(asyncio.sleep))
router.post("/broken", response_model=PredictResponse)(on_the_loop(time.sleep))
