# Wrong answer to G: a daemon thread for each event.
# Rejected by: test_nothing_is_lost_at_a_graceful_stop
# Because: 36 of the 36

import logging
import threading

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
    threading.Thread(target=deliver, args=(event,), daemon=True).start()
    return {"status": "accepted"}
