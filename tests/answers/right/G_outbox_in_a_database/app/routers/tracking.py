# Right answer to G: a def writes the event to SQLite, a task delivers what it finds there, and empties it at the end.

import asyncio
import json
import logging
import sqlite3
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings

log = logging.getLogger(__name__)


class Event(BaseModel):
    event: str
    user_id: int


class Outbox:
    def __init__(self, path):
        self.path = path
        with self.connect() as connection:
            connection.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, event TEXT)")

    def connect(self):
        return sqlite3.connect(self.path, timeout=10)

    def add(self, event):
        with self.connect() as connection:
            connection.execute("INSERT INTO outbox (event) VALUES (?)", (event,))

    def take(self):
        with self.connect() as connection:
            return connection.execute("DELETE FROM outbox RETURNING event").fetchall()


async def deliver(client, event):
    try:
        answer = await client.post("/events", content=event, headers={"content-type": "application/json"})
        answer.raise_for_status()
    except httpx.HTTPError as error:
        log.warning("not delivered: %r", error)


async def work(outbox, client, news, ended):
    async with asyncio.TaskGroup() as group:
        while True:
            over = ended.is_set()
            news.clear()
            for event, in await asyncio.to_thread(outbox.take):
                group.create_task(deliver(client, event))
            if over:
                break
            await news.wait()


@asynccontextmanager
async def lifespan(app):
    news, ended = asyncio.Event(), asyncio.Event()
    with tempfile.TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder) / "outbox.db")
        async with httpx.AsyncClient(base_url=settings.analytics_url, timeout=settings.upstream_timeout_seconds) as client:
            worker = asyncio.create_task(work(outbox, client, news, ended))
            yield {"outbox": outbox, "news": news, "loop": asyncio.get_running_loop()}
            ended.set()
            news.set()
            await worker


router = APIRouter(lifespan=lifespan)


@router.post("/track", status_code=202)
def track(event: Event, request: Request):
    request.state.outbox.add(event.model_dump_json())
    request.state.loop.call_soon_threadsafe(request.state.news.set)
    return {"status": "accepted"}
