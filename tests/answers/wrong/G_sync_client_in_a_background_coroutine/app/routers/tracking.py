# Wrong answer to G: the background task is an async def with a blocking client.
# Rejected by: test_the_answer_does_not_wait_for_the_delivery or test_a_held_delivery_holds_nobody_up
# Because: The event loop stood at app/routers/tracking\.py:\d+

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
    with httpx.Client(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds) as client:
        yield {"analytics": client}


router = APIRouter(lifespan=lifespan)


async def deliver(client: httpx.Client, event: Event) -> None:
    try:
        response = client.post("/events", json=event.model_dump())
        response.raise_for_status()
    except httpx.HTTPError as error:
        logger.warning("event %r was not delivered: %r", event, error)


@router.post("/track", status_code=202)
async def track(event: Event, request: Request, background: BackgroundTasks):
    background.add_task(deliver, request.state.analytics, event)
    return {"status": "accepted"}
