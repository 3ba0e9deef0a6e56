# Right answer to 1.3, 1.5: the response model is named in the decorator and a dict is returned
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
from typing import Any

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict", response_model=PredictResponse)
async def predict(request: PredictRequest) -> dict[str, Any]:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return {
        "prediction": model.predict(request.feature_1, request.feature_2),
        "model_version": model.MODEL_VERSION,
    }
