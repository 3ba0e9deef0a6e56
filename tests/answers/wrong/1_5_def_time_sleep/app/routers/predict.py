# Wrong answer to 1.5: the 40 threads of the default pool are not enough for 64 requests.
# Rejected by: test_more_wait_together_than_the_pool_has_threads
# Because: app/routers/predict\.py:20\b
"""POST /predict: one prediction, after the time that inference takes."""

import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    time.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
