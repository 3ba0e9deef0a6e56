# Wrong answer to 5.5: what ready says is kept for two seconds, so it says 200 for two seconds after the SIGTERM.
# Rejected by: test_a_sigterm_makes_it_not_ready
# Because: /health/ready still answered 200

import asyncio
import logging
import signal
import time
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)
KEPT = 2.0


class Health:
    def __init__(self):
        self.loaded = self.draining = False
        self.known = "loading"
        self.until = 0.0

    async def load(self):
        try:
            await asyncio.to_thread(digits.load)
            self.loaded = True
        except Exception:
            logger.exception("the model could not be loaded")

    def status(self):
        # Each of twelve load balancers asks every second: so it is looked at only now and then.
        if time.monotonic() > self.until:
            self.known = "draining" if self.draining else "ready" if self.loaded else "loading"
            self.until = time.monotonic() + KEPT
        return self.known


@asynccontextmanager
async def lifespan(app):
    health = Health()
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number, frame):
        health.draining = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, stops, number, frame)

    loading = asyncio.create_task(health.load())
    signal.signal(signal.SIGTERM, told)
    yield {"health": health}
    loading.cancel()


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live")
async def live():
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request, response: Response):
    status = request.state.health.status()
    response.status_code = 200 if status == "ready" else 503
    return {"status": status}
