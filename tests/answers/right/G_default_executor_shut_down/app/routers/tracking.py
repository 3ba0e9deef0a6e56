# Right answer to G: asyncio's default executor delivers, and the lifespan shuts it down when it ends.

import asyncio
import json
import logging
import urllib.request
from contextlib import asynccontextmanager

from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings


class Event(BaseModel):
    event: str
    user_id: int


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


opener = urllib.request.build_opener(NoRedirects)


def deliver(event):
    request = urllib.request.Request(f"{settings.analytics_url}/events", json.dumps(event).encode(), {"Content-Type": "application/json"})
    try:
        with opener.open(request, timeout=settings.upstream_timeout_seconds):
            pass
    except Exception as error:
        logging.error("event of %s lost", event["user_id"], exc_info=error)


@asynccontextmanager
async def lifespan(app):
    yield
    await asyncio.get_running_loop().shutdown_default_executor()


router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
async def track(event: Event):
    asyncio.get_running_loop().run_in_executor(None, deliver, event.model_dump())
    return {"status": "accepted"}
