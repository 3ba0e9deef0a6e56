# Wrong answer to G: only 5xx counts as a failure.
# Rejected by: test_a_failing_upstream_is_logged
# Because: answered 404

import asyncio
import logging
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, BackgroundTasks, Request
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
        if response.status_code >= 500:
            logger.warning("the analytics service answered %d", response.status_code)
    except httpx.HTTPError as error:
        logger.warning("event %r was not delivered: %r", event, error)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request, background: BackgroundTasks):
    background.add_task(deliver, request.state.analytics, event)
    return {"status": "accepted"}
