# Wrong answer to G: workers of a queue, which the lifespan starts, sleep on the loop before they try again.
# Rejected by: test_a_failing_upstream_is_logged
# Because: waited on the event loop's own thread, at app/routers/tracking\.py
import asyncio
import logging
import time
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings

logger = logging.getLogger(__name__)


class Event(BaseModel):
    event: str
    user_id: int


async def deliver(client, event):
    last = None
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            for delay in (0, 0.05, 0.2):
                time.sleep(delay)
                try:
                    r = await client.post("/events", json=event.model_dump(mode="json"))
                    if r.is_success:
                        return
                    last = f"status {r.status_code}"
                except httpx.TransportError as e:
                    last = repr(e)
    except TimeoutError:
        last = last or "timeout"
    logger.warning("lost event %r: %s", event, last)


async def worker(queue, client):
    while True:
        event = await queue.get()
        try:
            await deliver(client, event)
        except Exception:
            logger.exception("lost event %r", event)
        finally:
            queue.task_done()


@asynccontextmanager
async def lifespan(app):
    queue = asyncio.Queue()
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=None) as client:
        workers = [asyncio.create_task(worker(queue, client), name=f"analytics-{n}") for n in range(8)]
        yield {"queue": queue}
        await queue.join()
        for w in workers:
            w.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    request.state.queue.put_nowait(event)
    return {"status": "accepted"}
