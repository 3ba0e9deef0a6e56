"""A service with a dependency: eight connections, about 20 ms a question, and an outage when it is asked for one."""

import asyncio
import random

from fastapi import FastAPI

app = FastAPI()
connections = asyncio.Semaphore(8)
up = asyncio.Event()
up.set()
dice = random.Random(1)


@app.get("/work")
async def work() -> None:
    async with connections:
        await asyncio.sleep(dice.expovariate(1 / 0.02))
        await up.wait()


@app.post("/outage")
async def outage(seconds: float) -> None:
    up.clear()
    await asyncio.sleep(seconds)
    up.set()
