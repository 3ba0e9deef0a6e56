# Wrong answer to 1.3: `or` replaces a feature that is 0.0 by the default.
# Rejected by: test_predict_is_right_for_any_input
# Because: For \{'feature_1': [\d.]+, 'feature_2': [\d.]+\} the answer was
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
    return PredictResponse(
        prediction=model.predict(request.feature_1 or 1.0, request.feature_2 or 1.0),
        model_version=model.MODEL_VERSION,
    )
