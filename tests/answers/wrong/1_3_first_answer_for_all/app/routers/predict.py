# Wrong answer to 1.3: the first answer is kept in a global and given to everybody.
# Rejected by: test_predict_is_right_for_any_input
# Because: For \{'feature_1': -?[\d.]+, 'feature_2': [\d.]+\} the answer was
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

cached: PredictResponse | None = None


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    global cached
    if cached is None:
        cached = PredictResponse(
            prediction=model.predict(request.feature_1, request.feature_2),
            model_version=model.MODEL_VERSION,
        )
    return cached
