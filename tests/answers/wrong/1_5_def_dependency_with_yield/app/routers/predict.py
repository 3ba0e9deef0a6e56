# Wrong answer to 1.5: a `def` dependency waits on the pool of 40 threads, though the endpoint is async.
# Rejected by: test_more_wait_together_than_the_pool_has_threads
# Because: app/routers/predict\.py:19\b
"""POST /predict: one prediction, after the time that inference takes."""

import time
from collections.abc import Iterator

from fastapi import APIRouter, Depends

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


def inference_time() -> Iterator[None]:
    time.sleep(settings.inference_seconds)
    yield


@router.post("/predict", dependencies=[Depends(inference_time)])
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
