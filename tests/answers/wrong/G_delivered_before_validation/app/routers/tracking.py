# Wrong answer to G: the body is sent on as it came, and looked at afterwards.
# Rejected by: test_a_bad_body_is_refused
# Because: each of them no event, and the analytics service got

import asyncio
import logging
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, BackgroundTasks, HTTPException, Request
from pydantic import BaseModel, ValidationError

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


async def deliver(client: httpx.AsyncClient, event: dict) -> None:
    try:
        response = await client.post("/events", json=event)
        response.raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("event %r was not delivered: %r", event, error)


@router.post("/track", status_code=202)
async def track(request: Request, background: BackgroundTasks):
    try:
        body = await request.json()
        task = asyncio.create_task(deliver(request.state.analytics, body))
        Event.model_validate(body)
    except (ValueError, ValidationError):
        raise HTTPException(422, "no event")
    background.add_task(asyncio.wait_for, task, None)
    return {"status": "accepted"}
