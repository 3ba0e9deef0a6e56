# Wrong answer to 5.5: a task that has failed is done as well.
# Rejected by: test_a_model_that_cant_be_loaded
# Because: answered 200

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request

from app import digits
from app.settings import settings

log = logging.getLogger(__name__)


def tell(task):
    if not task.cancelled() and task.exception():
        log.error('no model: %r', task.exception())


@asynccontextmanager
async def lifespan(app):
    state = {"loaded": False, "draining": False}
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number, frame):
        state["draining"] = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, before, number, frame)

    signal.signal(signal.SIGTERM, on_sigterm)
    task = state['task'] = asyncio.create_task(asyncio.to_thread(digits.load))
    task.add_done_callback(tell)
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
    if not state["task"].done():
        raise HTTPException(503, "loading")
    return {"status": "ready"}
