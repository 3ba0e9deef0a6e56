# Right answer to 1.3, 1.5: an async helper in another module waits
"""POST /predict: one prediction, after the time that inference takes."""

from fastapi import APIRouter

from app import model
from app.schemas import PredictRequest, PredictResponse
from app.slow import infer

router = APIRouter()


@router.post("/predict")
async def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    await infer()
    return PredictResponse(
        prediction=model.predict(request.feature_1, request.feature_2),
        model_version=model.MODEL_VERSION,
    )
