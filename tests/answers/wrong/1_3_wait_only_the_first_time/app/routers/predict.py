# Wrong answer to 1.3: the model is 'warm' after one request, and nobody waits any more.
# Rejected by: test_every_request_waits
# Because: With INFERENCE_SECONDS=[\d.]+, POST /predict was answered after [\d.]+ s\. It waited at
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

warm = False


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global warm
    if not warm:
        await asyncio.sleep(settings.inference_seconds)
        warm = True
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
