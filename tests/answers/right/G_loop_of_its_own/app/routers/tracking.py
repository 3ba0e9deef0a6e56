# Right answer to G: a thread with an event loop of its own delivers; it is joined, by another thread, when the lifespan ends.

import asyncio
import logging
import threading
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings

log = logging.getLogger("tracking")


class Event(BaseModel):
    event: str
    user_id: int


class Courier:
    def __init__(self):
        self.ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.main()), name="courier")
        self.thread.start()
        self.ready.wait()

    async def main(self):
        self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        async with httpx.AsyncClient(base_url=settings.analytics_url) as self.client, asyncio.TaskGroup() as self.group:
            self.ready.set()
            await self.end.wait()

    async def deliver(self, event):
        try:
            answer = await asyncio.wait_for(self.client.post("/events", json=event, timeout=None), settings.upstream_timeout_seconds)
            answer.raise_for_status()
        except (httpx.HTTPError, TimeoutError) as error:
            log.log(logging.ERROR, "%s was lost: %r", event, error)

    def send(self, event):
        self.loop.call_soon_threadsafe(lambda: self.group.create_task(self.deliver(event)))

    def close(self):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join()


@asynccontextmanager
async def lifespan(app):
    courier = await asyncio.to_thread(Courier)
    yield {"courier": courier}
    await asyncio.to_thread(courier.close)


router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
def track(event: Event, request: Request):
    request.state.courier.send(event.model_dump())
    return {"status": "accepted"}
