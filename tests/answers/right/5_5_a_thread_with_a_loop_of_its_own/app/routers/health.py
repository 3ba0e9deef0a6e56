# Right answer to 5.5: a thread of its own loads, with an event loop of its own between its tries; the service's loop is free.

import asyncio
import logging
import random
import signal
import threading
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)


class Loader(threading.Thread):
    """Loads the model on a thread that ends with the process; what waits between the tries is this thread's own loop."""

    def __init__(self) -> None:
        super().__init__(name="loader", daemon=True)
        self.loaded = threading.Event()

    def run(self) -> None:
        asyncio.run(self._load())

    async def _load(self) -> None:
        pause = 0.5
        while not self.loaded.is_set():
            try:
                digits.load()  # blocks this thread, on which nobody is served
            except Exception:
                logger.exception("the model could not be loaded; once more in %.1f s", pause)
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))
                pause = min(30, 2 * pause)
            else:
                self.loaded.set()


@asynccontextmanager
async def lifespan(app):
    loader, draining = Loader(), threading.Event()
    loop, uvicorns = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)

    def drain(number, frame):
        draining.set()
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, uvicorns, number, frame)

    signal.signal(signal.SIGTERM, drain)
    loader.start()
    yield {"loaded": loader.loaded, "draining": draining}


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live")
async def live():
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request, response: Response):
    if request.state.loaded.is_set() and not request.state.draining.is_set():
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "draining" if request.state.draining.is_set() else "loading"}
