# Right answer to G: a queue with a single worker, joined when the lifespan ends.

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
        event = await queue.get()
        await deliver(client, event)
        queue.task_done()


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    request.state.queue.put_nowait(event)
    return {"status": "accepted"}
