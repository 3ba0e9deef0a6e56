# Wrong answer to 1.5: another loop sleeps, and this one stands in result() until it is done.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:24\b
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio
import threading

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()

background = asyncio.new_event_loop()
threading.Thread(target=background.run_forever, daemon=True).start()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    asyncio.run_coroutine_threadsafe(asyncio.sleep(settings.inference_seconds), background).result()
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
