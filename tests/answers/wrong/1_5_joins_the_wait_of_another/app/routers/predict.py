# Wrong answer to 1.5: requests share the wait that is under way, so the late ones wait too short.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:25\b
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

wait: asyncio.Task[None] | None = None


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global wait
    if wait is None or wait.done():
        wait = asyncio.create_task(asyncio.sleep(settings.inference_seconds))
    await asyncio.shield(wait)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
