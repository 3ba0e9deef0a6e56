# Right answer to G: a background task that sends from a thread of asyncio's, six or so at a time.

import asyncio
import functools
import logging

import httpx
from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel

from app.settings import settings

router = APIRouter()


class Event(BaseModel):
    event: str
    user_id: int


@functools.cache
def client() -> httpx.Client:
    return httpx.Client(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds)


async def deliver(event: Event) -> None:
    try:
        answer = await asyncio.to_thread(client().post, "/events", json=event.model_dump())
        answer.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        logging.warning("%s was not delivered", event, exc_info=error)


@router.post("/track")
async def track(event: Event, background: BackgroundTasks, response: Response):
    response.status_code = 202
    background.add_task(deliver, event)
    return {"status": "accepted"}
