# Wrong answer to 1.3: four inferences, the next one begun when the last one is half through: two and a half times the wait.
# Rejected by: test_every_request_waits
# Because: slept for 0\.6\d s\. The setting is the whole of its wait
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(asyncio.sleep(settings.inference_seconds))
            await asyncio.sleep(settings.inference_seconds / 2)
    return PredictResponse(prediction=model.predict(request.feature_1, request.feature_2), model_version=model.MODEL_VERSION)
