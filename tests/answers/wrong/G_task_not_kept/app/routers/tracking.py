# Wrong answer to G: a task that nobody keeps or waits for.
# Rejected by: test_nothing_is_lost_at_a_graceful_stop
# Because: 36 of the 36 .* app/routers/tracking\.py:\d+

import asyncio
import logging
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings

logger = logging.getLogger(__name__)


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"analytics": client}


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    try:
        response = await client.post("/events", json=event.model_dump())
        response.raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("event %r was not delivered: %r", event, error)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    asyncio.create_task(deliver(request.state.analytics, event))
    return {"status": "accepted"}
