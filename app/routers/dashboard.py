"""GET /dashboard: what five services say, on one page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request

#: Whom to ask, and under which names their answers are shown.
SERVICES = ("service_1", "service_2", "service_3", "service_4", "service_5")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens one client with the service, and closes it with it; it is ``request.state.services``."""
    # TODO H: a client for each dashboard connects five times anew.
    # Goal: one client that keeps its connections and lends them.
    # Tool: httpx.AsyncClient is an async context manager.
    yield {"services": None}


router = APIRouter(lifespan=lifespan)


# The services: GET {SERVICES_URL}/service_1, …, /service_5 each answer JSON of any kind.
@router.get("/dashboard")
async def read_dashboard(request: Request) -> dict[str, Any]:
    """What each service answers, ``None`` for one that failed, and the names of the failed ones as ``errors``."""
    # TODO H: one after the other, five services take five times as long, and one failure takes the whole page.
    # Goal: five calls in flight together, each with its own failure, none longer than settings.upstream_timeout_seconds.
    # Tool: asyncio.gather or asyncio.TaskGroup, and asyncio.timeout.
    raise NotImplementedError("H: /dashboard asks nobody yet")
