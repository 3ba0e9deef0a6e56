# Wrong answer to 1.3: it answers with the class, 0 or 1, rather than its probability.
# Rejected by: test_predict_answers_what_the_model_says
# Because: TODO
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
    probability = model.predict(request.feature_1, request.feature_2)
    return PredictResponse(prediction=float(probability > 0.5), model_version=model.MODEL_VERSION)
