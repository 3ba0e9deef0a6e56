# Wrong answer to 5.5: not alive until the model is loaded, so a slow start is killed.
# Rejected by: test_live_says_alive or test_not_ready_while_the_model_loads
# Because: GET /health/live answered 503

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request

from app import digits
from app.settings import settings

log = logging.getLogger(__name__)


async def load(state):
    try:
        await asyncio.to_thread(digits.load)
        state["loaded"] = True
    except Exception:
        log.exception("no model")


@asynccontextmanager
async def lifespan(app):
    state = {"loaded": False, "draining": False}
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number, frame):
        state["draining"] = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, before, number, frame)

    signal.signal(signal.SIGTERM, on_sigterm)
    task = asyncio.create_task(load(state))
    yield {"health": state}
    task.cancel()


router = APIRouter(lifespan=lifespan)


@router.get("/health/live")
async def live(request: Request):
    if not request.state.health["loaded"]:
        raise HTTPException(503, "not yet")
    return {"status": "alive"}


@router.get("/health/ready")
async def ready(request: Request):
    state = request.state.health
    if state["draining"]:
        raise HTTPException(503, "draining")
    if not state["loaded"]:
        raise HTTPException(503, "loading")
    return {"status": "ready"}
