# Wrong answer to 1.3: 0.0 is falsy, and taken for a feature that is missing.
# Rejected by: test_predict_is_right_for_any_input
# Because: TODO
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter, HTTPException

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    if not request.feature_1 or not request.feature_2:
        raise HTTPException(422, "feature_1 and feature_2 are required")
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
