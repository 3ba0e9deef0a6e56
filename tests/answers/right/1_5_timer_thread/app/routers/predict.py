# Right answer to 1.3, 1.5: a timer's thread wakes the loop
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import threading

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    threading.Timer(settings.inference_seconds, loop.call_soon_threadsafe, [done.set]).start()
    await done.wait()
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
