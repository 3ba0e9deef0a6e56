"""The services against which exercise 1.4 is judged; a closed gate makes their waits last until the judge says so."""

import asyncio
import itertools
import os
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request

app = FastAPI()
WAIT = float(os.environ["WAIT"])
received: list[dict[str, Any]] = []
turn = asyncio.Lock()
order = itertools.count()
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


async def note(request: Request) -> dict[str, Any]:
    """Keeps what was sent, for the judge to read."""
    body = (await request.body()).decode(errors="replace")
    entry = {"method": request.method, "type": request.headers.get("content-type", ""), "body": body, "gone": False}
    received.append(entry)
    return entry


Entry = Annotated[dict[str, Any], Depends(note)]


@app.get("/received")
async def show() -> list[dict[str, Any]]:
    return received


@app.api_route("/together", methods=METHODS)
async def together(request: Request, entry: Entry) -> dict[str, str]:
    """Works on any number of requests at once, and notes whose client is gone when the answer is ready."""
    await asyncio.sleep(WAIT)
    entry["gone"] = await request.is_disconnected()
    return {"status": "done"}


@app.api_route("/in-turn", methods=METHODS)
async def in_turn(entry: Entry) -> dict[str, str]:
    """Works on one request at a time."""
    async with turn:
        await asyncio.sleep(WAIT)
    return {"status": "done"}


@app.api_route("/staggered", methods=METHODS)
async def staggered(entry: Entry) -> dict[str, str]:
    """Each request takes longer than the one before: 1, 4, 7 … times the wait."""
    await asyncio.sleep(WAIT * (1 + 3 * next(order)))
    return {"status": "done"}
