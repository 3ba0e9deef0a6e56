# Wrong answer to G: a blocking client in an async def.
# Rejected by: test_the_answer_does_not_wait_for_the_delivery
# Because: app/routers/tracking\.py:\d+

import logging

import httpx
from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings

router = APIRouter()


class Event(BaseModel):
    event: str
    user_id: int


@router.post("/track", status_code=202)
async def track(event: Event):
    try:
        httpx.post(f"{settings.analytics_url}/events", json=event.model_dump(), timeout=settings.upstream_timeout_seconds).raise_for_status()
    except httpx.HTTPError as error:
        logging.warning("not delivered: %r", error)
    return {"status": "accepted"}
