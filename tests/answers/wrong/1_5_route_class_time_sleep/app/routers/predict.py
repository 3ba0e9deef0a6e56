# Wrong answer to 1.5: the route class sleeps on the loop before each request.
# Rejected by: test_requests_wait_together
# Because: app/routers/predict\.py:25\b
"""POST /predict: one prediction, after the time that inference takes."""

import time
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.settings import settings


class SlowRoute(APIRoute):
    """A route that takes as long as inference does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def slow_handler(request: Request) -> Response:
            time.sleep(settings.inference_seconds)
            return await handler(request)

        return slow_handler


router = APIRouter(route_class=SlowRoute)


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
