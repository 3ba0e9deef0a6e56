# Wrong answer to 1.5: the wait is never longer than five seconds, whatever the settings say.
# Rejected by: test_every_part_of_the_wait_is_shared
# Because: With INFERENCE_SECONDS=600 a request to /predict waited for [5-9]\.\d+ s
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

#: No client waits for longer.
LONGEST = 5.0


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(min(settings.inference_seconds, LONGEST))
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
