# Right answer to 1.3: a `def` dependency waits, the endpoint only computes
"""POST /predict: one prediction, after the time that inference takes."""

import time

from fastapi import APIRouter, Depends

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


def inference_time() -> None:
    time.sleep(settings.inference_seconds)


@router.post("/predict", dependencies=[Depends(inference_time)])
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
