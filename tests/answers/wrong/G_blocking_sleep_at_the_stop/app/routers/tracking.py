# Wrong answer to G: the stop sleeps for a second, in the hope that the thread will be done.
# Rejected by: test_nothing_is_lost_at_a_graceful_stop
# Because: of the 36

import logging
import queue
import threading
import time
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings

log = logging.getLogger(__name__)
events = queue.Queue()


class Event(BaseModel):
    event: str
    user_id: int


def work():
    with httpx.Client(timeout=settings.upstream_timeout_seconds) as client:
        while (event := events.get()) is not None:
            try:
                client.post(settings.analytics_url + "/events", json=event.model_dump()).raise_for_status()
            except Exception as error:
                log.error("lost %s: %s", event, error)


@asynccontextmanager
async def lifespan(app):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    events.put(None)
    time.sleep(1)


router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
def track(event: Event):
    events.put(event)
    return {"status": "accepted"}
