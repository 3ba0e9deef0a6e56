"""Endpoints whose waits a gate holds, and waits that are no request's."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI

ticks = {"task": 0, "thread": 0}


async def tick() -> None:
    """A task that the start-up begins: it belongs to no request."""
    while True:
        await asyncio.sleep(0.03)
        ticks["task"] += 1


def tick_on_a_thread() -> None:
    """The same on a thread of its own."""
    while True:
        time.sleep(0.03)
        ticks["thread"] += 1


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    threading.Thread(target=tick_on_a_thread, daemon=True).start()
    ticking = asyncio.create_task(tick())
    yield
    ticking.cancel()


app = FastAPI(lifespan=lifespan)
turn = asyncio.Lock()


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.get("/ticks")
async def show() -> dict[str, int]:
    return ticks


@app.post("/where")
async def where() -> dict[str, int]:
    return {"thread": threading.get_ident(), "process": os.getpid()}


@app.post("/background")
async def background(tasks: BackgroundTasks) -> None:
    tasks.add_task(asyncio.sleep, 0.05)


@app.post("/pool")
def on_a_thread() -> float:
    began = time.perf_counter()
    time.sleep(0.15)
    return time.perf_counter() - began


@app.post("/executor")
async def on_the_executor() -> None:
    await asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.15)


@app.post("/loop")
async def on_the_loop() -> float:
    began = time.perf_counter()
    await asyncio.sleep(0.15)
    return time.perf_counter() - began


@app.post("/lock")
async def in_turn() -> None:
    async with turn:
        await asyncio.sleep(0.05)


@app.post("/raises")
async def raises() -> None:
    raise LookupError("of no avail")
