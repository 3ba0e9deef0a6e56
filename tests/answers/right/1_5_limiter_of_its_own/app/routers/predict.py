# Right answer to 1.3, 1.5: a pool thread for each request, under a limiter of its own
"""POST /predict: one prediction, after the time that inference takes."""

import time

import anyio
import anyio.to_thread
from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

limiter = anyio.CapacityLimiter(200)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await anyio.to_thread.run_sync(time.sleep, settings.inference_seconds, limiter=limiter)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
