# Right answer to G: four workers, each of which ends at a None in the queue.

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
        app.state.events = asyncio.Queue()
        workers = [asyncio.create_task(work(client, app.state.events)) for _ in range(4)]
        yield
        for _ in workers:
            app.state.events.put_nowait(None)
        await asyncio.wait(workers)


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    try:
        response = await client.post("/events", json=event.model_dump())
        response.raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("event %r was not delivered: %r", event, error)


async def work(client: httpx.AsyncClient, events: asyncio.Queue) -> None:
    while (event := await events.get()) is not None:
        await deliver(client, event)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    await request.app.state.events.put(event)
    return {"status": "accepted"}
