# Wrong answer to 1.3: a task that the first request starts works through a queue, and takes a wait of 0 for none that was set.
# Rejected by: test_the_wait_follows_the_setting
# Because: With INFERENCE_SECONDS=0 a request slept for 0\.08 s
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

queue: asyncio.Queue[tuple[PredictRequest, asyncio.Future[PredictResponse]]] = asyncio.Queue()
worker: asyncio.Task[None] | None = None


def answer(request: PredictRequest) -> PredictResponse:
    return PredictResponse(prediction=model.predict(request.feature_1, request.feature_2), model_version=model.MODEL_VERSION)


async def work() -> None:
    while True:
        request, done = await queue.get()
        await asyncio.sleep(settings.inference_seconds or 0.08)
        if not done.done():
            done.set_result(answer(request))


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global worker
    if worker is None:
        worker = asyncio.create_task(work())
    done = asyncio.get_running_loop().create_future()
    queue.put_nowait((request, done))
    return await done
