# Wrong answer to 5.5: one word for both things that it knows: a load that ends in the middle of the drain says "ready" over "draining".
# Rejected by: test_a_sigterm_while_the_model_loads
# Because: /health/ready answered 200, expected 503
# Because: Then the model was loaded

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)


class Health:
    def __init__(self) -> None:
        self.status = "loading"

    async def load(self) -> None:
        try:
            await asyncio.to_thread(digits.load)
        except Exception:
            logger.exception("the model could not be loaded")
            self.status = "failed"
        else:
            self.status = "ready"


@asynccontextmanager
async def lifespan(app):
    health = Health()
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number, frame):
        health.status = "draining"
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
    status = request.state.health.status
    response.status_code = 200 if status == "ready" else 503
    return {"status": status}
