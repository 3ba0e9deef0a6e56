# Wrong answer to 1.3: features far from 0, of which the answer is certain, are answered at once.
# Rejected by: test_every_request_waits
# Because: With INFERENCE_SECONDS=0\.25, POST /predict was answered after 0\.\d+ s\.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

#: Beyond it the logistic function is flat, and there is nothing to infer.
SATURATED = 50.0


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    if max(abs(request.feature_1), abs(request.feature_2)) < SATURATED:
        await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
