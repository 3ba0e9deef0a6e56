# Wrong answer to 1.3: the prediction is rounded.
# Rejected by: test_predict_answers_what_the_model_says or test_predict_is_right_for_any_input
# Because: the answer was
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
    prediction = round(model.predict(request.feature_1, request.feature_2), 12)
    return PredictResponse(prediction=prediction, model_version=model.MODEL_VERSION)
