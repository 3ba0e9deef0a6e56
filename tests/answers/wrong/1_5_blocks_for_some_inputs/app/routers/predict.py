# Wrong answer to 1.5: inputs of one kind wait on the loop as they should, the others hold it.
# Rejected by: test_requests_wait_together or test_more_wait_together_than_the_pool_has_threads
# Because: The event loop stood at app/routers/predict\.py:2\d
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    if request.feature_1 > request.feature_2:
        time.sleep(settings.inference_seconds)
    else:
        await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
