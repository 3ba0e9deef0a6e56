# Wrong answer to 5.5: the first try loads on a thread, the second one, some seconds after a failure, on the event loop, which stands meanwhile.
# Rejected by: test_a_model_that_cant_be_loaded
# Because: event loop's own thread when it was tried again

import asyncio
import logging
import signal
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)
AGAIN = 3.0


class Health:
    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.loaded = self.draining = False
        self.loop.run_in_executor(None, digits.load).add_done_callback(self.tried)

    def tried(self, future):
        if future.cancelled():
            return
        if (error := future.exception()) is None:
            self.loaded = True
            return
        logger.error("the model could not be loaded: %r; once more in %g s", error, AGAIN)
        self.loop.call_later(AGAIN, self.try_again)

    def try_again(self):
        try:
            digits.load()
        except Exception as error:
            logger.error("the model could not be loaded: %r; once more in %g s", error, AGAIN)
            self.loop.call_later(AGAIN, self.try_again)
        else:
            self.loaded = True


@asynccontextmanager
async def lifespan(app):
    health = Health()
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def told(number, frame):
        health.draining = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, stops, number, frame)

    signal.signal(signal.SIGTERM, told)
    yield {"health": health}


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
