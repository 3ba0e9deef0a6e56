# Wrong answer to 1.3: the cache knows predictions by the hash of the features: -1 and -2 have the same in Python, as have 1.0 and 2.0**61.
# Rejected by: test_predict_is_right_for_any_input
# Because: For \{'feature_1': -[12]\.0, 'feature_2': 0\.7\} the answer was
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()
known: dict[int, float] = {}


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    key = hash((request.feature_1, request.feature_2))
    if key not in known:
        known[key] = model.predict(request.feature_1, request.feature_2)
    return PredictResponse(prediction=known[key], model_version=model.MODEL_VERSION)
