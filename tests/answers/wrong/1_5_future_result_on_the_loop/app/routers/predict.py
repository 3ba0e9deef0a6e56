# Wrong answer to 1.5: a thread sleeps, and the loop stands in result() until it is done.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:23\b
"""POST /predict: one prediction, after the time that inference takes."""

import time
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

pool = ThreadPoolExecutor(max_workers=128)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    pool.submit(time.sleep, settings.inference_seconds).result()
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
