"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    # `await` hands the event loop back for as long as the wait lasts, so any number of requests
    # wait at once for the price of one timer each. A plain `def` with time.sleep() would wait
    # on a thread instead, and the pool has 40 of them: the 41st request queues. `async def`
    # with time.sleep() is the worst: it stops the loop, and with it every other request.
    await asyncio.sleep(settings.inference_seconds)
    # The model itself takes microseconds; work of many milliseconds would not belong here.
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
