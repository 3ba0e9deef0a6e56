"""POST /track: takes an event for the analytics service, which gets it after the answer."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel

from app.settings import settings

logger = logging.getLogger(__name__)


class Event(BaseModel):
    """What a client reports, and what the analytics service gets."""

    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Opens one client with the service, and closes it with it; it is ``request.state.analytics``."""
    # The lifespan ends after the last background task, so the client is open for all of them.
    # By default it opens 100 connections: the next event would wait for one, and its time limit would run meanwhile.
    async with httpx.AsyncClient(base_url=settings.analytics_url, limits=httpx.Limits(max_connections=None)) as client:
        yield {"analytics": client}


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    """Hands ``event`` to the analytics service, once; a failure is logged and goes no further."""
    try:
        # Without a limit, a silent upstream would collect tasks for as long as it is silent, and
        # the service could not stop meanwhile.
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            answer = await client.post("/events", json=event.model_dump(), timeout=None)
        answer.raise_for_status()  # a 500 is an answer too: httpx raises nothing by itself
    except (httpx.HTTPError, TimeoutError, UnicodeError) as error:  # the last: half of a character ("\ud800") can't be sent
        # The client has its answer already, so nobody else will hear of this. A timeout's text is empty.
        logger.warning("user %d's event was not delivered: %s %s", event.user_id, type(error).__name__, error)


# The upstream: POST {ANALYTICS_URL}/events takes {"event": "click", "user_id": 7} and answers 2xx.
@router.post("/track", status_code=202)
async def track(event: Event, request: Request, background: BackgroundTasks) -> dict[str, str]:
    """Accepts ``event`` at once; it is delivered after the answer."""
    # It runs as a part of this request's task, after the last byte of the answer. So the server holds
    # on to it, and at a graceful stop waits for it; a task of asyncio.create_task has only itself.
    background.add_task(deliver, request.state.analytics, event)
    return {"status": "accepted"}
