# Right answer to G: a dependency delivers after its yield, when the answer is out.

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from app.settings import settings

log = logging.getLogger("uvicorn.error")


class Event(BaseModel):
    event: str
    user_id: int


@asynccontextmanager
async def lifespan(app):
    async with httpx.AsyncClient(timeout=None) as app.state.analytics:
        yield


async def delivery(event: Event, request: Request):
    yield event
    try:
        async with asyncio.timeout(settings.upstream_timeout_seconds):
            response = await request.app.state.analytics.post(f"{settings.analytics_url}/events", content=event.model_dump_json(), headers={"content-type": "application/json"})
        response.raise_for_status()
    except Exception:
        log.exception("lost %s", event)


router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
async def track(event: Annotated[Event, Depends(delivery)]):
    return {"status": "accepted"}
