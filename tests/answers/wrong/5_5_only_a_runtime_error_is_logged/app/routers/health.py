# Wrong answer to 5.5: only a RuntimeError of load() is caught and logged; a file that isn't there (an OSError, a ValueError) leaves no word.
# Rejected by: test_a_model_that_cant_be_loaded
# Because: neither RuntimeError nor OSError\), and your code logged nothing

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)


class Health:
    loaded = False
    draining = False

    async def load(self):
        try:
            await asyncio.to_thread(digits.load)
            self.loaded = True
        except RuntimeError:
            logger.exception("the model could not be loaded")


@asynccontextmanager
async def lifespan(app):
    health = Health()
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number, frame):
        health.draining = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, stops, number, frame)

    loading = asyncio.create_task(health.load())
    signal.signal(signal.SIGTERM, told)
    yield {"health": health, "loading": loading}
    loading.cancel()


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live")
async def live():
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request, response: Response):
    health = request.state.health
    if health.loaded and not health.draining:
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "not ready"}
