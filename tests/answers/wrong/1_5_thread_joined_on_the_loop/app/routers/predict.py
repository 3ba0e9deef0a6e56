# Wrong answer to 1.5: a thread for each request, and the loop stands in join().
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


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    thread = threading.Thread(target=time.sleep, args=(settings.inference_seconds,))
    thread.start()
    thread.join()
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
