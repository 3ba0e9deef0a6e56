# Right answer to G: tornado's client, which waits on the same loop; its own time limit; tasks are waited for in the lifespan.

import asyncio
import logging
from contextlib import asynccontextmanager

from fastapi import APIRouter
from pydantic import BaseModel
from tornado.httpclient import AsyncHTTPClient, HTTPError

from app.settings import settings

log = logging.getLogger(__name__)
under_way = set()


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app):
    yield
    while under_way:
        await asyncio.wait(under_way)


router = APIRouter(lifespan=lifespan)


async def deliver(event):
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            await AsyncHTTPClient(max_clients=200).fetch(
                f"{settings.analytics_url}/events", method="POST", body=event.model_dump_json(), request_timeout=0, follow_redirects=False,
                headers={"content-type": "application/json"},
            )
    except (HTTPError, OSError, TimeoutError, ValueError) as error:
        log.warning("%s: %r", event, error)


@router.post("/track", status_code=202)
async def track(event: Event):
    task = asyncio.create_task(deliver(event))
    under_way.add(task)
    task.add_done_callback(under_way.discard)
    return {"status": "accepted"}
