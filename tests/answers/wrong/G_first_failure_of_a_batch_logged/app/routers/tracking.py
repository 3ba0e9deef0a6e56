# Wrong answer to G: events are delivered in batches, and of those that fail together one is logged.
# Rejected by: test_a_failing_upstream_is_logged
# Because: Of 110 that were lost, your code logged \d+

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


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    async with asyncio.timeout(settings.upstream_timeout_seconds):
        answer = await client.post("/events", json=event.model_dump(), timeout=None)
    answer.raise_for_status()


async def work(client: httpx.AsyncClient, queue: asyncio.Queue) -> None:
    done = False
    while not done:
        batch = [await queue.get()]
        await asyncio.sleep(0.02)
        while not queue.empty():
            batch.append(queue.get_nowait())
        done = None in batch
        results = await asyncio.gather(*(deliver(client, event) for event in batch if event), return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                logger.warning("a batch was not delivered: %r", error)
                break


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.analytics_url) as client:
        queue = asyncio.Queue()
        worker = asyncio.create_task(work(client, queue))
        yield {"queue": queue}
        queue.put_nowait(None)
        await worker


router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    request.state.queue.put_nowait(event)
    return {"status": "accepted"}
