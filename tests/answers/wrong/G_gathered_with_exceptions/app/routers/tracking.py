# Wrong answer to G: failures are logged by a callback, and one of them ends the gathering at the stop.
# Rejected by: test_a_failure_at_the_stop_costs_no_other_event
# Because: One of them failed then

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


tasks = set()


def finished(task):
    tasks.discard(task)
    if not task.cancelled() and task.exception():
        logger.warning("not delivered: %r", task.exception())


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"analytics": client}
        await asyncio.gather(*tasks)


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    response = await client.post("/events", json=event.model_dump())
    response.raise_for_status()


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    task = asyncio.create_task(deliver(request.state.analytics, event))
    tasks.add(task)
    task.add_done_callback(finished)
    return {"status": "accepted"}
