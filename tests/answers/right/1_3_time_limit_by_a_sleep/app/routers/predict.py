# Right answer to 1.3: a time limit, as a task that sleeps and is cancelled when the wait is over before it.
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter, HTTPException

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings

router = APIRouter()


async def inferred(request: PredictRequest) -> PredictResponse:
    await asyncio.sleep(settings.inference_seconds)
    return PredictResponse(prediction=model.predict(request.feature_1, request.feature_2), model_version=model.MODEL_VERSION)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    work = asyncio.create_task(inferred(request))
    limit = asyncio.create_task(asyncio.sleep(settings.inference_seconds + 5.0))
    await asyncio.wait({work, limit}, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        work.cancel()
        raise HTTPException(504, "the model is too slow")
    limit.cancel()
    return work.result()
