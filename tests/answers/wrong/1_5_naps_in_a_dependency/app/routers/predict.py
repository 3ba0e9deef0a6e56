# Wrong answer to 1.5: a dependency takes eight naps on the loop, each too short to be seen.
# Rejected by: test_requests_wait_together
# Because: The event loop stood at app/routers/predict\.py:\d\d for .* in \d+ steps
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import time

from fastapi import APIRouter, Depends

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

async def warm_up() -> None:
    for _ in range(8):
        time.sleep(0.015)


@router.post("/predict")
async def predict(request: PredictRequest, warm: None = Depends(warm_up)) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
