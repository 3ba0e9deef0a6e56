# Right answer to G: the loss is logged by way of a queue handler, whose listener writes it; tasks in a group.

import asyncio
import logging
import logging.handlers
import queue
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings

lines = queue.SimpleQueue()
logger = logging.getLogger("losses")
logger.propagate = False
logger.addHandler(logging.handlers.QueueHandler(lines))


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app):
    listener = logging.handlers.QueueListener(lines, logging.StreamHandler())
    listener.start()
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=None) as client, asyncio.TaskGroup() as group:
        yield {"client": client, "group": group}
    listener.stop()


router = APIRouter(lifespan=lifespan)


async def deliver(client, event):
    try:
        (await asyncio.wait_for(client.post("/events", json=event), settings.upstream_timeout_seconds)).raise_for_status()
    except (httpx.HTTPError, TimeoutError):
        logger.exception("lost: %s", event)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    request.state.group.create_task(deliver(request.state.client, event.model_dump()))
    return {"status": "accepted"}
