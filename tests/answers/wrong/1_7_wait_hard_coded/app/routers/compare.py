# Wrong answer to 1.7: all three wait 0.1 s, whatever the settings say.
# Rejected by: test_all_three_answer_as_predict_does
# Because: With INFERENCE_SECONDS=0 a request to /predict/sync slept for 0\.1 s at app/routers/compare\.py:27\b
"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

import asyncio
import time

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse

router = APIRouter(prefix="/predict")


def answer(request: PredictRequest) -> PredictResponse:
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )


@router.post("/sync")
def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    time.sleep(0.1)
    return answer(request)


@router.post("/async")
async def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    await asyncio.sleep(0.1)
    return answer(request)


@router.post("/broken")
async def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    time.sleep(0.1)
    return answer(request)
