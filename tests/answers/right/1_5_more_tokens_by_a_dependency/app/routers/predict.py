# Right answer to 1.3, 1.5: `def`, with an async dependency that raises the pool's limit first
"""POST /predict: one prediction, after the time that inference takes."""

import time

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, Depends

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


async def more_threads() -> None:
    current_default_thread_limiter().total_tokens = 200


@router.post("/predict", dependencies=[Depends(more_threads)])
def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    time.sleep(settings.inference_seconds)
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
