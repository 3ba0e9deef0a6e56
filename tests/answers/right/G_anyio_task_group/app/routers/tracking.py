# Right answer to G: anyio's task group, with a limit on how many deliveries are under way.

import logging
from contextlib import asynccontextmanager

import anyio
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
        async with anyio.create_task_group() as group:
            yield {"analytics": client, "group": group, "limit": anyio.Semaphore(4)}


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event, limit: anyio.Semaphore) -> None:
    try:
        async with limit:
            response = await client.post("/events", json=event.model_dump())
        response.raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("event %r was not delivered: %r", event, error)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    request.state.group.start_soon(deliver, request.state.analytics, event, request.state.limit)
    return {"status": "accepted"}
