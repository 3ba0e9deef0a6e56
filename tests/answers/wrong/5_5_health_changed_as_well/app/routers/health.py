# Wrong answer to 5.5: GET /health, which stays as it is, says the same as ready, and its 503.
# Rejected by: test_not_ready_while_the_model_loads
# Because: GET /health answered 503 .* as in 1\.1

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
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, stops, number, frame)

    loading = asyncio.create_task(health.load())
    signal.signal(signal.SIGTERM, told)
    yield {"health": health}
    loading.cancel()


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live")
async def live():
    return {"status": "alive"}


# main.py includes this router before it has its own /health: whoever comes first answers.
@router.get("")
@router.get("/ready")
async def ready(request: Request, response: Response):
    health = request.state.health
    if health.loaded and not health.draining:
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "not ready"}
