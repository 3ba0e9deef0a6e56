# Wrong answer to 1.5: the wait is never longer than half a second.
# Rejected by: test_every_part_of_the_wait_is_shared
# Because: With INFERENCE_SECONDS=600 a request to /predict waited for [01]\.\d\d s
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(min(settings.inference_seconds, 0.5))
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
