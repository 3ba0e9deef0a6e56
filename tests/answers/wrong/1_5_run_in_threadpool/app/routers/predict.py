# Wrong answer to 1.5: it is the same pool of 40 threads that `def` endpoints have.
# Rejected by: test_more_wait_together_than_the_pool_has_threads
# Because: app/routers/predict\.py:21\b
"""POST /predict: one prediction, after the time that inference takes."""

import time

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await run_in_threadpool(time.sleep, settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
