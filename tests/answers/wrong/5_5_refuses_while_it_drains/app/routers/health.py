# Wrong answer to 5.5: from the SIGTERM on everything is refused, though requests still come.
# Rejected by: test_a_sigterm_makes_it_not_ready
# Because: answered 503

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
    app.middleware_stack = Refusing(app.middleware_stack or app.build_middleware_stack(), state)
    before = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number, frame):
        state["draining"] = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, before, number, frame)

    signal.signal(signal.SIGTERM, on_sigterm)
    task = asyncio.create_task(load(state))
    yield {"health": state}
    task.cancel()


class Refusing:
    def __init__(self, app, state):
        self.app, self.state = app, state

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http" and self.state["draining"] and not scope["path"].startswith("/health"):
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, send)


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
