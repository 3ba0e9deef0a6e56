"""The four experiments of exercise 1.6, to be measured live."""

import asyncio
import os
import time

from fastapi import FastAPI

app = FastAPI()
WAIT = float(os.environ["WAIT"])


@app.post("/def-time-sleep")
def plain() -> None:
    time.sleep(WAIT)


@app.post("/async-def-asyncio-sleep")
async def awaited() -> None:
    await asyncio.sleep(WAIT)


@app.post("/async-def-time-sleep")
async def blocking() -> None:
    time.sleep(WAIT)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "healthy"}
