# Wrong answer to 1.5: the request that is worked on stands in a global name across the wait.
# Rejected by: test_each_gets_its_own_answer
# Because: got a wrong answer
# Because: what they share, such as a global name
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
    global current
    current = request
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(current.feature_1, current.feature_2),
        model_version=model.MODEL_VERSION,
    )
