# Right answer to G: a background task that is a plain function, with a blocking client: it runs on a thread.

import logging
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, BackgroundTasks, Request
from pydantic import BaseModel

from app.settings import settings

logger = logging.getLogger("uvicorn.error")


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app):
    with httpx.Client(timeout=settings.upstream_timeout_seconds) as client:
        yield {"analytics": client}


router = APIRouter(lifespan=lifespan)


def deliver(client: httpx.Client, payload: dict):
    try:
        client.post(f"{settings.analytics_url}/events", json=payload).raise_for_status()
    except Exception:
        logger.exception("delivery failed")


@router.post("/track", status_code=202)
def track(event: Event, request: Request, tasks: BackgroundTasks):
    tasks.add_task(deliver, request.state.analytics, event.model_dump())
    return {"status": "accepted"}
