# Wrong answer to 1.3: the answer is right, but the OpenAPI schema does not know its shape.
# Rejected by: test_the_documentation_shows_both_models
# Because: The schema of POST /predict doesn't show PredictResponse; it has nothing there\.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest):
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return {
        "prediction": model.predict(request.feature_1, request.feature_2),
        "model_version": model.MODEL_VERSION,
    }
