# Wrong answer to 5.5: after the drain it sends the SIGTERM again, to nobody's handler but the system's.
# Rejected by: test_what_is_in_flight_is_finished
# Because: in flight

import asyncio
import logging
import os
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
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, again)

    def again():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, on_sigterm)
    task = asyncio.create_task(load(state))
    yield {"health": state}
    task.cancel()


router = APIRouter(lifespan=lifespan)


@router.get("/health/live")
async def live():
    return {"status": "alive"}


@router.get("/health/ready")
async def ready(request: Request):
    state = request.state.health
    if state["draining"]:
        raise HTTPException(503, "draining")
    if not state["loaded"]:
        raise HTTPException(503, "loading")
    return {"status": "ready"}
