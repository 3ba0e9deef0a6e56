# Wrong answer to 1.5: it awaits a coroutine of its own, which sleeps without awaiting anything.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:18\b
"""POST /predict: one prediction, after the time that inference takes."""

import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


async def infer() -> None:
    time.sleep(settings.inference_seconds)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await infer()
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
