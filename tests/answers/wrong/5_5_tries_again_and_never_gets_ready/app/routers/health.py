# Wrong answer to 5.5: it tries again after a failed load, and when that succeeds it still says 503, as it remembers the failure.
# Rejected by: test_a_model_that_cant_be_loaded
# Because: called once more, and has loaded the model, .* still answers 503

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)


class Health:
    loaded = False
    error = None
    draining = False

    async def load(self):
        while not self.loaded:
            try:
                await asyncio.to_thread(digits.load)
                self.loaded = True
            except Exception as error:
                self.error = error
                logger.exception("the model could not be loaded, next try in a second")
                await asyncio.sleep(1)


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
async def ready(request: Request):
    health = request.state.health
    if health.draining:
        raise HTTPException(503, "draining")
    if health.error is not None:
        raise HTTPException(503, f"no model: {health.error}")
    if not health.loaded:
        raise HTTPException(503, "loading")
    return {"status": "ready"}
