# Wrong answer to 1.3: requests that come while one waits get its answer.
# Rejected by: test_requests_that_overlap_are_not_mixed_up
# Because: were sent together
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()
batch: asyncio.Task[PredictResponse] | None = None


async def inferred(request: PredictRequest) -> PredictResponse:
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(prediction=model.predict(request.feature_1, request.feature_2), model_version=model.MODEL_VERSION)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global batch
    if batch is None or batch.done():
        batch = asyncio.create_task(inferred(request))
    return await batch
