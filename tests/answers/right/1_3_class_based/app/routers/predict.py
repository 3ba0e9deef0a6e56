# Right answer to 1.3, 1.5: the endpoint is a method of an object
"""POST /predict: one prediction, after the time that inference takes."""

import asyncio

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings


class Predictor:
    """The model and the time that it takes."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def __call__(self, request: PredictRequest) -> PredictResponse:
        """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
        await asyncio.sleep(self.seconds)
        return PredictResponse(
            prediction=model.predict(request.feature_1, request.feature_2),
            model_version=model.MODEL_VERSION,
        )


predict = Predictor(settings.inference_seconds)
router = APIRouter()
router.add_api_route("/predict", predict.__call__, methods=["POST"])
