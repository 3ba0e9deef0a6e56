# Wrong answer to 1.5: in the second half of the wait, a timer that no gate holds, 32 at a time.
# Rejected by: test_every_part_of_the_wait_is_shared
# Because: in that part they take turns
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()
SLOTS = asyncio.Semaphore(32)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds / 2)
    async with SLOTS:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        loop.call_later(settings.inference_seconds / 2, done.set_result, None)
        await done
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
