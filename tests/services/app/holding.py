"""Endpoints that hold the event loop, each in another way, and one that doesn't."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI

app = FastAPI()
pool = ThreadPoolExecutor()


def compute(seconds: float) -> None:
    """Takes so much CPU time of the calling thread, however busy the machine is."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.post("/sleep")
async def sleep() -> None:
    time.sleep(0.2)


@app.post("/result")
async def result() -> None:
    pool.submit(time.sleep, 0.2).result()


@app.post("/compute")
async def computes() -> None:
    compute(0.12)


@app.post("/own-loop")
async def own_loop() -> None:
    number = 0
    while number < 4_000_000:
        number += 1


@app.post("/keeps-the-gil")
async def keeps_the_gil() -> None:
    sum(range(12_000_000))


@app.post("/event")
async def event() -> None:
    threading.Event().wait(0.25)


@app.post("/legitimate")
async def legitimate() -> None:
    compute(0.01)
    await asyncio.sleep(0.05)
    compute(0.01)


@app.post("/endless")
async def endless() -> None:
    while True: pass  # noqa: E701 - on one line, so that there is one right answer


@app.post("/many-lines")
async def many_lines() -> None:
    (
        pool
        .submit(time.sleep, 0.2)
        .result()
    )
