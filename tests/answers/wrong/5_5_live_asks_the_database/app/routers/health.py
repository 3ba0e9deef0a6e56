# Wrong answer to 5.5: live asks the database, so all copies are restarted when that is down.
# Rejected by: test_live_says_alive
# Because: GET /health/live answered 503

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

import psycopg
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
async def live():
    try:
        async with await psycopg.AsyncConnection.connect(settings.database_url, connect_timeout=2) as connection:
            await connection.execute("SELECT 1")
    except psycopg.Error:
        raise HTTPException(503, "no database")
    return {"status": "alive"}


@router.get("/health/ready")
async def ready(request: Request):
    state = request.state.health
    if state["draining"]:
        raise HTTPException(503, "draining")
    if not state["loaded"]:
        raise HTTPException(503, "loading")
    return {"status": "ready"}
