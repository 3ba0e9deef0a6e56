"""GET /health/live and GET /health/ready: two questions that whoever runs the service asks, and what each answer sets off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request, Response


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Begins to load the model when the service starts, and hears when it is told to stop; ``request.state.health`` knows of both."""
    # TODO 5.5: the first image that is asked for waits until the model is loaded, and a deployment sends requests to a
    # service that is about to end.
    # Goal: app.digits.load() runs from the start, beside everything else. At a SIGTERM the service goes on to serve for
    # settings.drain_seconds; then it stops as it ever did.
    # Tool: load() blocks, so it needs a thread. signal.getsignal(SIGTERM) is what uvicorn would have done; signal.signal
    # puts something of yours in its place.
    yield {"health": None}


router = APIRouter(prefix="/health", lifespan=lifespan)


@router.get("/live")
def live() -> dict[str, str]:
    """Whether this process is worth keeping: as long as its event loop runs."""
    # TODO 5.5: nobody can tell a service that is busy from one that hangs, so both are restarted.
    # Goal: 200 with {"status": "alive"}, also while every thread is taken.
    # Tool: which word in front of `def` decides who answers?
    raise NotImplementedError("5.5: /health/live has no answer yet")


@router.get("/ready")
def ready(request: Request, response: Response) -> dict[str, str]:
    """Whether this process should get requests now: 503 until the model is loaded, and from the SIGTERM on."""
    # TODO 5.5: requests are sent here before they can be answered well, and until the moment at which nobody is left.
    # Goal: 200 with {"status": "ready"}, or a 503 that says why not.
    # Tool: response.status_code, and what the lifespan knows.
    raise NotImplementedError("5.5: /health/ready has no answer yet")
