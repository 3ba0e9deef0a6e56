# Right answer to G: anyio's portal runs the deliveries on a loop and a thread of its own; it ends when all are done.

import logging
from contextlib import asynccontextmanager

import httpx
from anyio import fail_after, to_thread
from anyio.from_thread import start_blocking_portal
from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings

logger = logging.getLogger("tracking")


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def opened():
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=None) as client:
        yield client


@asynccontextmanager
async def lifespan(app):
    manager = start_blocking_portal()
    portal = await to_thread.run_sync(manager.__enter__)
    wrapped = portal.wrap_async_context_manager(opened())
    client = await to_thread.run_sync(wrapped.__enter__)
    under_way = set()
    yield {"portal": portal, "client": client, "under_way": under_way}
    for future in list(under_way):
        await to_thread.run_sync(future.exception)
    await to_thread.run_sync(wrapped.__exit__, None, None, None)
    await to_thread.run_sync(manager.__exit__, None, None, None)


router = APIRouter(lifespan=lifespan)


async def deliver(client, event):
    try:
        with fail_after(settings.upstream_timeout_seconds):
            (await client.post("/events", json=event.model_dump())).raise_for_status()
    except (httpx.HTTPError, TimeoutError) as error:
        logger.error("%r: %r", event, error)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request):
    state = request.state
    future = state.portal.start_task_soon(deliver, state.client, event)
    state.under_way.add(future)
    future.add_done_callback(state.under_way.discard)
    return {"status": "accepted"}
