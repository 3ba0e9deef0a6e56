# Right answer to 1.3, 1.5: after its answer each request is written to a slow log, as a background task.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter, BackgroundTasks

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

log: list[PredictRequest] = []


async def audit(request: PredictRequest) -> None:
    await asyncio.sleep(0.1)  # the log is slow
    log.append(request)


@router.post("/predict")
async def predict(request: PredictRequest, after: BackgroundTasks) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    after.add_task(audit, request)
    return PredictResponse(prediction=model.predict(request.feature_1, request.feature_2), model_version=model.MODEL_VERSION)
