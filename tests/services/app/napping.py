"""A task of the lifespan that sleeps on the event loop's own thread, when it is asked to."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

asked: "asyncio.Queue[float]"


async def nap() -> None:
    while True:
        time.sleep(await asked.get())
        asked.task_done()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    global asked
    time.sleep(0.15)  # while it starts nobody else is held up
    asked = asyncio.Queue()
    napping = asyncio.create_task(nap())
    yield
    napping.cancel()


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "healthy"}


@app.post("/nap")
async def on_the_lifespan_s_task(seconds: float) -> None:
    asked.put_nowait(seconds)
    await asked.join()
