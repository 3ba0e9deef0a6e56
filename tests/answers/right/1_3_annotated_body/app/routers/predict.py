# Right answer to 1.3, 1.5: the body and the model come in as Annotated parameters
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Depends

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


def get_model() -> Callable[[float, float], float]:
    return model.predict


@router.post("/predict")
async def predict(
    features: Annotated[PredictRequest, Body(description="the two features")],
    infer: Annotated[Callable[[float, float], float], Depends(get_model)],
) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=infer(features.feature_1, features.feature_2),
        model_version=model.MODEL_VERSION,
    )
