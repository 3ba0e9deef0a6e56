# Wrong answer to 1.5: a helper in another module sleeps on the loop.
# Rejected by: test_requests_wait_together
# Because: app/slow\.py:10\b
"""POST /predict: one prediction, after the time that inference takes."""

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.slow import infer

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    infer()
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
