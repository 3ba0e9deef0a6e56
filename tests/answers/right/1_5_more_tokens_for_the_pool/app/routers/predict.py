# Right answer to 1.3, 1.5: `def`, after the pool's limit was raised to 200 when the service starts
"""POST /predict: one prediction, after the time that inference takes."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings


@asynccontextmanager
async def more_threads(_: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = 200
    yield


router = APIRouter(lifespan=more_threads)


@router.post("/predict")
def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    time.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
