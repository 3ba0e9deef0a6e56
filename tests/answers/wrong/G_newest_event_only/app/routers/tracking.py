# Wrong answer to G: the task looks up the newest event when it runs.
# Rejected by: test_a_held_delivery_holds_nobody_up
# Because: came more than once

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


newest = [None]


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds) as client:
        queue = asyncio.Queue()
        worker = asyncio.create_task(work(client, queue))
        yield {"queue": queue}
        await queue.join()
        worker.cancel()


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    try:
        response = await client.post("/events", json=event.model_dump())
        response.raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("event %r was not delivered: %r", event, error)


async def work(client: httpx.AsyncClient, queue: asyncio.Queue) -> None:
    while True:
        await queue.get()
        event = newest[0]
        await deliver(client, event)
        queue.task_done()


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    newest[0] = event
    request.state.queue.put_nowait(None)
    return {"status": "accepted"}
