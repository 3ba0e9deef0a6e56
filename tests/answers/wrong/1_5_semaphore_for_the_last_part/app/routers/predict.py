# Wrong answer to 1.5: a semaphore of 8 around three quarters of the wait.
# Rejected by: test_every_part_of_the_wait_is_shared
# Because: 8 waited, 56 others had to wait
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

slots = asyncio.Semaphore(8)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds / 4)
    async with slots:
        await asyncio.sleep(settings.inference_seconds * 3 / 4)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
