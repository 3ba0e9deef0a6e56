# Right answer to G: a second and a third try after a failure, within the time limit; what gives up is logged.

import asyncio
import logging
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel

from app.settings import settings

logger = logging.getLogger(__name__)


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"analytics": client}


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.AsyncClient, event: Event) -> None:
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            for pause in (0.05, 0.1, None):
                try:
                    response = await client.post("/events", json=event.model_dump())
                    response.raise_for_status()
                    return
                except httpx.HTTPError:
                    if pause is None:
                        raise
                    await asyncio.sleep(pause)
    except (httpx.HTTPError, TimeoutError) as error:
        logger.warning("event %r was not delivered: %r", event, error)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request, background: BackgroundTasks):
    background.add_task(deliver, request.state.analytics, event)
    return {"status": "accepted"}
