# Wrong answer to 1.5: one worker takes the requests from a queue, one after the other.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:35\b
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

queue: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()
worker: asyncio.Task[None] | None = None


async def work() -> None:
    while True:
        done = await queue.get()
        await asyncio.sleep(settings.inference_seconds)
        done.set_result(None)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global worker
    if worker is None:
        worker = asyncio.create_task(work())
    done = asyncio.get_running_loop().create_future()
    await queue.put(done)
    await done
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
