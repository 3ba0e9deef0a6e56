"""POST /predict/sync, /predict/async and /predict/broken: the same answer after three ways to wait."""

from fastapi import APIRouter

from app.schemas import PredictRequest, PredictResponse

router = APIRouter(prefix="/predict")

# TODO 1.7: all three answer with a 500.
# Goal: each answers as /predict does, and waits in its own way for settings.inference_seconds:
# - sync:   on threads of the pool, several requests together;
# - async:  on the event loop's own thread, several requests together;
# - broken: on the event loop's own thread, holding it: one request at a time, and nothing
#           else is served meanwhile. It is here to be measured, and it must really be broken.
# Tool: `def` or `async def` for each (change them as you need), time.sleep or asyncio.sleep.


@router.post("/sync")
def predict_sync(request: PredictRequest) -> PredictResponse:
    """Waits on a thread of the pool."""
    raise NotImplementedError("1.7: /predict/sync has no answer yet")


@router.post("/async")
def predict_async(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop, which is free meanwhile."""
    raise NotImplementedError("1.7: /predict/async has no answer yet")


@router.post("/broken")
def predict_broken(request: PredictRequest) -> PredictResponse:
    """Waits on the event loop and holds it, as no endpoint should."""
    raise NotImplementedError("1.7: /predict/broken has no answer yet")
