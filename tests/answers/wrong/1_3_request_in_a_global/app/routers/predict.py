# Wrong answer to 1.3: the request is kept in a global while it waits, and the next one replaces it.
# Rejected by: test_requests_that_overlap_are_not_mixed_up
# Because: were sent together
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()
current: PredictRequest


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global current
    current = request
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(prediction=model.predict(current.feature_1, current.feature_2), model_version=model.MODEL_VERSION)
