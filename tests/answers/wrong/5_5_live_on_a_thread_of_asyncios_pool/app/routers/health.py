# Wrong answer to 5.5: live and ready need one of asyncio's own threads, of which there are few, and which other endpoints take with asyncio.to_thread.
# Rejected by: test_both_answer_while_every_thread_is_taken
# Because: GET /health/live got no answer .* asyncio\.to_thread

import asyncio
import logging
import signal
import threading
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)


class Health:
    def __init__(self):
        # The signal's handler, the loop and the loading thread all come here.
        self.lock = threading.RLock()
        self.loaded = self.draining = False

    def load(self):
        try:
            digits.load()
        except Exception:
            logger.exception("the model could not be loaded")
        else:
            with self.lock:
                self.loaded = True

    def is_alive(self):
        with self.lock:
            return True

    def is_ready(self):
        with self.lock:
            return self.loaded and not self.draining


@asynccontextmanager
async def lifespan(app):
    health = Health()
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number, frame):
        health.draining = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, stops, number, frame)

    threading.Thread(target=health.load, daemon=True).start()
    signal.signal(signal.SIGTERM, told)
    yield {"health": health}


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live")
async def live(request: Request):
    # A lock may block, so it is not waited for on the loop.
    await asyncio.to_thread(request.state.health.is_alive)
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request):
    if not await asyncio.to_thread(request.state.health.is_ready):
        raise HTTPException(503, "not ready")
    return {"status": "ready"}
