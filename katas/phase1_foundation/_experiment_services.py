"""The services against which exercise 1.4 is judged; a closed gate makes their waits last until the judge says so."""

import asyncio
import itertools
import os
from typing import Any

from fastapi import FastAPI, Request

app = FastAPI()
WAIT = float(os.environ["WAIT"])
received: list[dict[str, Any]] = []
turn = asyncio.Lock()
order = itertools.count()


@app.middleware("http")
async def note(request: Request, call_next: Any) -> Any:
    """Keeps what was sent, for the judge to read."""
    if request.url.path != "/received":
        body = (await request.body()).decode(errors="replace")
        received.append({"method": request.method, "type": request.headers.get("content-type", ""), "body": body})
    return await call_next(request)


@app.get("/received")
async def show() -> list[dict[str, Any]]:
    return received


@app.api_route("/together", methods=["GET", "POST", "PUT"])
async def together() -> dict[str, str]:
    """Works on any number of requests at once."""
    await asyncio.sleep(WAIT)
    return {"status": "done"}


@app.api_route("/in-turn", methods=["GET", "POST", "PUT"])
async def in_turn() -> dict[str, str]:
    """Works on one request at a time."""
    async with turn:
        await asyncio.sleep(WAIT)
    return {"status": "done"}


@app.api_route("/staggered", methods=["GET", "POST", "PUT"])
async def staggered() -> dict[str, str]:
    """Each request takes longer than the one before: 1, 4, 7 … times the wait."""
    await asyncio.sleep(WAIT * (1 + 3 * next(order)))
    return {"status": "done"}
