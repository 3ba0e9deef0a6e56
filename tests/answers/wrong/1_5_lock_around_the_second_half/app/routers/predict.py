# Wrong answer to 1.5: half of the wait is shared, the other half is behind a lock.
# Rejected by: test_every_part_of_the_wait_is_shared
# Because: 1 waited, 63 others had to wait
# Because: predict\.py:2\d
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

lock = asyncio.Lock()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds / 2)
    async with lock:
        await asyncio.sleep(settings.inference_seconds / 2)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
