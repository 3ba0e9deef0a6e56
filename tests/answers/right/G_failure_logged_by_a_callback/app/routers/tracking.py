# Right answer to G: tasks whose exceptions a callback logs, polled for when the lifespan ends.

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


under_way = set()


def finished(task: asyncio.Task) -> None:
    under_way.discard(task)
    if error := task.exception():
        logger.warning("analytics", exc_info=error)


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"analytics": client}
        while under_way:
            await asyncio.sleep(0.02)


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    response = await client.post("/events", json=event.model_dump())
    response.raise_for_status()


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    task = asyncio.create_task(deliver(request.state.analytics, event))
    under_way.add(task)
    task.add_done_callback(finished)
    return {"status": "accepted"}
