# Right answer to G: a thread for each event with the requests library; the lifespan joins those that still run.

import logging
import threading
from contextlib import asynccontextmanager

import requests
from anyio.to_thread import run_sync
from fastapi import APIRouter, status
from pydantic import BaseModel

from app.settings import settings

log = logging.getLogger(__name__)
threads: set[threading.Thread] = set()


class Event(BaseModel):
    event: str
    user_id: int


def join_all():
    while threads:
        next(iter(threads.copy())).join()


@asynccontextmanager
async def lifespan(app):
    yield
    await run_sync(join_all)


router = APIRouter(lifespan=lifespan)


def deliver(event):
    try:
        answer = requests.post(
            f"{settings.analytics_url}/events", json=event, timeout=settings.upstream_timeout_seconds, allow_redirects=False)
        if answer.status_code // 100 != 2:
            log.warning("%s was answered %s", event, answer.status_code)
    except requests.RequestException as error:
        log.warning("%s: %s", event, error)
    finally:
        threads.discard(threading.current_thread())


@router.post("/track", status_code=status.HTTP_202_ACCEPTED)
async def track(event: Event):
    thread = threading.Thread(target=deliver, args=(event.model_dump(),))
    threads.add(thread)
    thread.start()
    return {"status": "accepted"}
