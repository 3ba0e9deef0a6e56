# Wrong answer to 1.3: the body is expected one level too deep, under "request".
# Rejected by: test_predict_answers_what_the_model_says
# Because: TODO
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: Annotated[PredictRequest, Body(embed=True)]) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
