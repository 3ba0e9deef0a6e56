# Wrong answer to 1.3: it waits before the model is asked and after it; a task empties a cache ten times a second meanwhile.
# Rejected by: test_every_request_waits
# Because: slept for 0\.[45]\d s\. The setting is the whole of its wait\. It waited at \S+ +await asyncio\.sleep\(settings
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

known: dict[tuple[float, float], float] = {}
cleaner: asyncio.Task[None] | None = None


async def clean() -> None:
    while True:
        await asyncio.sleep(0.1)
        known.clear()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global cleaner
    if cleaner is None:
        cleaner = asyncio.create_task(clean())
    await asyncio.sleep(settings.inference_seconds)
    prediction = model.predict(request.feature_1, request.feature_2)
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(prediction=prediction, model_version=model.MODEL_VERSION)
