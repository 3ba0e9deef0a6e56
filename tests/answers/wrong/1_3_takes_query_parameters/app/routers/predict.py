# Wrong answer to 1.3: the features are expected in the URL and not in the body.
# Rejected by: test_predict_answers_what_the_model_says
# Because: TODO
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(feature_1: float, feature_2: float) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(feature_1, feature_2),
        model_version=model.MODEL_VERSION,
    )
