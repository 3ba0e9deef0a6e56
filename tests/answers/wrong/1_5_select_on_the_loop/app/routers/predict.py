# Wrong answer to 1.5: select() with a time limit holds the loop like time.sleep.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:20\b
"""POST /predict: one prediction, after the time that inference takes."""

import select

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    select.select([], [], [], settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
