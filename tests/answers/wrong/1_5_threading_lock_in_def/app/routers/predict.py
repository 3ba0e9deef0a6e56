# Wrong answer to 1.5: the threads of the pool wait behind one lock.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:23\b
"""POST /predict: one prediction, after the time that inference takes."""

import threading
import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

lock = threading.Lock()


@router.post("/predict")
def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    with lock:
        time.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
