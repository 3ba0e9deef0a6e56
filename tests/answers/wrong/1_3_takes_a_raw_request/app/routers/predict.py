# Wrong answer to 1.3: the body is parsed by hand: bad input is a 500, and the OpenAPI schema has no request body.
# Rejected by: test_bad_input_is_refused
# Because: POST /predict answered 500, expected 422\.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter, Request

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: Request) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    body = PredictRequest(**await request.json())
    return PredictResponse(
        prediction=model.predict(body.feature_1, body.feature_2),
        model_version=model.MODEL_VERSION,
    )
