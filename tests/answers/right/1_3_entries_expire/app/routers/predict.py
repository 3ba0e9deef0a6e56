# Right answer to 1.3, 1.5: a cache of predictions, of which each is forgotten after a second, by a task of its own.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

known: dict[tuple[float, float], float] = {}
tasks: set[asyncio.Task[None]] = set()


async def forget(key: tuple[float, float]) -> None:
    await asyncio.sleep(1.0)
    known.pop(key, None)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    key = (request.feature_1, request.feature_2)
    if key not in known:
        known[key] = model.predict(*key)
        task = asyncio.create_task(forget(key))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    return PredictResponse(prediction=known[key], model_version=model.MODEL_VERSION)
