# Wrong answer to 1.3: the version of today's model stands in the code.
# Rejected by: test_it_is_app_model_that_is_asked
# Because: model_version
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
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(prediction=model.predict(request.feature_1, request.feature_2), model_version="1.0.0")
