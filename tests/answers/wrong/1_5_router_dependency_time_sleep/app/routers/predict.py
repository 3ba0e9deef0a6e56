# Wrong answer to 1.5: an async dependency of the router sleeps on the loop.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:16\b
"""POST /predict: one prediction, after the time that inference takes."""

import time

from fastapi import APIRouter, Depends

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings


async def inference_time() -> None:
    time.sleep(settings.inference_seconds)


router = APIRouter(dependencies=[Depends(inference_time)])


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
