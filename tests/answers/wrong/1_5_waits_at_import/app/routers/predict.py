# Wrong answer to 1.5: the wait is done once, when the module is imported.
# Rejected by: test_requests_wait_together
# Because: With INFERENCE_SECONDS=[\d.]+, POST /predict was answered after [\d.]+ s\.
"""POST /predict: one prediction, after the time that inference takes."""

import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

# The model is loaded once; from then on it is fast.
time.sleep(settings.inference_seconds)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
