# Wrong answer to G: asyncio's own pool of threads, whose futures nobody awaits.
# Rejected by: test_nothing_is_lost_at_a_graceful_stop
# Because: 36 of the 36

import asyncio
import logging

import httpx
from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings

router = APIRouter()


class Event(BaseModel):
    event: str
    user_id: int


def deliver(event: Event) -> None:
    try:
        httpx.post(f"{settings.analytics_url}/events", json=event.model_dump(), timeout=settings.upstream_timeout_seconds).raise_for_status()
    except httpx.HTTPError as error:
        logging.warning("not delivered: %r", error)


@router.post("/track", status_code=202)
async def track(event: Event):
    asyncio.get_running_loop().run_in_executor(None, deliver, event)
    return {"status": "accepted"}
