"""The judge's router in a container: says who asked, writes what it is told, and holds a request for as long as the judge likes."""

import asyncio
import os
from pathlib import Path

from fastapi import APIRouter, Request

router = APIRouter()
_GO = Path("/tmp/judge-lets-go")


@router.get("/judge/who")
async def who(request: Request):
    return {"host": request.client.host, "scheme": request.url.scheme, "process": os.getpid()}


@router.get("/judge/says/{word}")
async def says(word: str):
    print("judge prints", word)
    return {"done": True}


@router.get("/judge/waits/{word}")
async def waits(word: str):
    print("judge waits", word, flush=True)
    while not _GO.exists():
        await asyncio.sleep(0.02)
    return {"done": word}
