# Wrong answer to 1.3: the body is any object: a missing field is a KeyError and a 500.
# Rejected by: test_bad_input_is_refused
# Because: POST /predict answered 500, expected 422\.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: dict[str, float]) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request["feature_1"], request["feature_2"]),
        model_version=model.MODEL_VERSION,
    )
