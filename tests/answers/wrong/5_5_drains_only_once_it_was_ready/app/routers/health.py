# Wrong answer to 5.5: the handler of the signal is put in place when the model is loaded: a SIGTERM before that, or after a load that failed, closes the door at once.
# Rejected by: test_a_sigterm_while_the_model_loads
# Because: while its model was being loaded\. Then the service no longer took requests

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app):
    state = {"loaded": False, "draining": False}
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def drain(number, frame):
        state["draining"] = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, stops, number, frame)

    async def load():
        try:
            await asyncio.to_thread(digits.load)
        except Exception:
            logger.exception("no model")
            return
        # From now on requests are sent here, so from now on there is something to drain.
        signal.signal(signal.SIGTERM, drain)
        state["loaded"] = True

    task = asyncio.create_task(load())
    yield {"health": state}
    task.cancel()


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live")
async def live():
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request):
    state = request.state.health
    if state["draining"] or not state["loaded"]:
        raise HTTPException(503, "not ready")
    return {"status": "ready"}
