# Right answer to 5.5: a thread that loads, module globals, a timer's thread that stops.

import logging
import signal
import threading
from contextlib import asynccontextmanager

from fastapi import APIRouter, Response

from app.digits import load
from app.settings import settings

logger = logging.getLogger("health")
loaded = threading.Event()
draining = threading.Event()


def _load():
    try:
        load()
    except Exception as error:
        logger.error("model not loaded: %s", error)
    else:
        loaded.set()


@asynccontextmanager
async def lifespan(app):
    threading.Thread(target=_load, daemon=True).start()
    uvicorns = signal.getsignal(signal.SIGTERM)

    def handle(signum, frame):
        draining.set()
        timer = threading.Timer(settings.drain_seconds, uvicorns, (signum, None))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, handle)
    yield


router = APIRouter(lifespan=lifespan)


@router.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/health/ready")
async def ready(response: Response) -> dict[str, str]:
    if loaded.is_set() and not draining.is_set():
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "not ready"}
