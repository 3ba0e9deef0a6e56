# Right answer to 1.3, 1.5: time.sleep on a pool of its own that has threads enough
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

pool = ThreadPoolExecutor(max_workers=128, thread_name_prefix="inference")


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(pool, time.sleep, settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
