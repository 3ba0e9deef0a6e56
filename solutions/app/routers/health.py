"""GET /health/live and GET /health/ready: two questions that whoever runs the service asks, and what each answer sets off."""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from fastapi import APIRouter, Request, Response

from app import digits
from app.settings import settings

logger = logging.getLogger(__name__)


class _Health:
    """What is known of this process: whether its model is loaded, and whether it has been told to stop."""

    def __init__(self) -> None:
        self.model = "loading"
        self.draining = False

    async def load(self) -> None:
        try:
            # A thread of its own, as loading blocks: on the loop nobody would be answered meanwhile, and so the
            # process be taken for a dead one and killed in the middle of its start.
            await asyncio.to_thread(digits.load)
        except Exception:
            # Nobody awaits this task while the service runs, so nobody else would hear of it. The process stays:
            # its other endpoints work, and a restart would find the same file.
            logger.exception("the model could not be loaded")
            self.model = "failed"
        else:
            self.model = "ready"

    @property
    def status(self) -> str:
        return "draining" if self.draining else self.model


@contextmanager
def _draining_first(health: _Health) -> Iterator[None]:
    """While it is entered, a SIGTERM lets ``health`` say so at once, and reaches uvicorn only ``settings.drain_seconds`` later.

    Uvicorn closes its door at once when it is told to stop. Whoever sends requests here learns only at its next question
    that it shouldn't any more, and what it sends in between would be refused.
    """
    loop, stops = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    # Signals are the main thread's; in a test client the application runs on another one, and nobody sends it any.
    if not callable(stops) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def told(number: int, frame: Any) -> None:
        # This runs between any two steps of whatever the loop does. So it notes that it was called, and leaves the
        # rest to the loop, which has to be woken up for that.
        health.draining = True
        loop.call_soon_threadsafe(loop.call_later, settings.drain_seconds, stops, number, frame)

    signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, stops)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Begins to load the model when the service starts, and hears when it is told to stop; ``request.state.health`` knows of both."""
    health = _Health()
    # Begun, not awaited: uvicorn listens only when all lifespans have yielded.
    loading = asyncio.create_task(health.load())
    with _draining_first(health):
        yield {"health": health}
    loading.cancel()


router = APIRouter(prefix="/health", lifespan=lifespan)


# `async def`, both: each of the threads may be taken by a request that waits. And both say only what they know already:
# a database that is asked here, and is down, would take every copy of the service away at the same moment.
@router.get("/live")
async def live() -> dict[str, str]:
    """Whether this process is worth keeping: as long as its event loop runs."""
    return {"status": "alive"}


@router.get("/ready")
async def ready(request: Request, response: Response) -> dict[str, str]:
    """Whether this process should get requests now: 503 until the model is loaded, and from the SIGTERM on."""
    status = request.state.health.status
    response.status_code = 200 if status == "ready" else 503
    return {"status": status}
