# Wrong answer to 1.5: who comes while five others wait hardly waits at all.
# Rejected by: test_every_part_of_the_wait_is_shared
# Because: waited for 0\.\d\d s, while 63 others waited
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

busy = 0


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    global busy
    busy += 1
    try:
        await asyncio.sleep(settings.inference_seconds if busy < 5 else min(settings.inference_seconds, 0.03))
    finally:
        busy -= 1
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
