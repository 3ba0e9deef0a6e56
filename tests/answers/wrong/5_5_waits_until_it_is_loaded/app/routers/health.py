# Wrong answer to 5.5: ready gives no answer until there is a good one.
# Rejected by: test_not_ready_while_the_model_loads
# Because: GET /health/ready got no answer

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
    state["task"] = asyncio.create_task(load(state))
    yield {"health": state}


router = APIRouter(lifespan=lifespan)


@router.get("/health/live")
async def live():
    return {"status": "alive"}


@router.get("/health/ready")
async def ready(request: Request):
    state = request.state.health
    if state["draining"]:
        raise HTTPException(503, "draining")
    await state["task"]
    return {"status": "ready"}
