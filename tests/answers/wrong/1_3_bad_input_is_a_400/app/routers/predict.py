# Wrong answer to 1.3: bad input is answered with 400 rather than 422.
# Rejected by: test_bad_input_is_refused
# Because: POST /predict answered 400, expected 422\.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import ValidationError

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(body: dict[str, Any]) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    try:
        features = PredictRequest.model_validate(body)
    except ValidationError as error:
        raise HTTPException(400, "bad input") from error
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(features.feature_1, features.feature_2),
        model_version=model.MODEL_VERSION,
    )
