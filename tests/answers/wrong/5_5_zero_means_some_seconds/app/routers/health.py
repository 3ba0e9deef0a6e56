# Wrong answer to 5.5: a DRAIN_SECONDS of 0, which is what everybody gets, is taken for none said, and some seconds for that.
# Rejected by: test_it_serves_on_for_as_long_as_it_is_told
# Because: DRAIN_SECONDS was 0, .* it still takes requests

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
        except Exception:
            logger.exception("the model could not be loaded")


@asynccontextmanager
async def lifespan(app):
    health = Health()
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number, frame):
        health.draining = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds or 4.5, stops, number, frame)

    loading = asyncio.create_task(health.load())
    signal.signal(signal.SIGTERM, told)
    try:
        yield {"health": health}
    finally:
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
