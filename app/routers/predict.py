"""POST /predict: one prediction, after the time that inference takes."""

from fastapi import APIRouter

from app.schemas import PredictRequest, PredictResponse

router = APIRouter()


@router.post("/predict")
def predict(request: PredictRequest) -> PredictResponse:
    """What ``app.model.predict`` says of the two features, after ``settings.inference_seconds``."""
    # TODO 1.3: a client that asks for a prediction gets a 500.
    # Goal: wait for settings.inference_seconds, as if the model took that long, then answer
    # with what app.model.predict says and with its MODEL_VERSION.
    # Tool: app.settings.settings, app.model, and a way to wait.
    #
    # TODO 1.5, once 1.3 is green: 64 clients ask at once, and some of them wait for the others.
    # Goal: all of them wait together, and /health answers meanwhile.
    # Tool: who waits, a thread or the event loop, is decided by `def`, `async def` and `await`.
    raise NotImplementedError("1.3: /predict has no answer yet")
