# Wrong answer to 1.3: it answers first and waits afterwards.
# Rejected by: test_every_request_waits
# Because: With INFERENCE_SECONDS=[\d.]+, POST /predict was answered after [\d.]+ s\.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter, BackgroundTasks

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest, tasks: BackgroundTasks) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    tasks.add_task(asyncio.sleep, settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
