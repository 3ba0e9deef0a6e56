# Right answer to G: aiohttp's session and a task group, both on one exit stack of the lifespan.

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.settings import settings


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app):
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        yield {"deliver": lambda event: group.create_task(deliver(session, event))}


async def deliver(session, event):
    limit = aiohttp.ClientTimeout(total=settings.upstream_timeout_seconds)
    try:
        async with session.post(f"{settings.analytics_url}/events", json=event.model_dump(), timeout=limit, allow_redirects=False) as answer:
            if not 200 <= answer.status < 300:
                raise aiohttp.ClientError(f"status {answer.status}")
    except (aiohttp.ClientError, TimeoutError, OSError):
        logging.exception("lost: %s", event.model_dump_json())


router = APIRouter(lifespan=lifespan)


@router.post("/track")
async def track(event: Event, request: Request):
    request.state.deliver(event)
    return JSONResponse({"status": "accepted"}, 202)
