"""The judge's router in a container: says who asked, writes what it is told, and holds a request for as long as the judge likes."""

import asyncio
import os
from pathlib import Path

from fastapi import APIRouter, Request

router = APIRouter()


@router.get("/judge/who")
async def who(request: Request):
    return {"host": request.client.host, "scheme": request.url.scheme, "process": os.getpid()}


@router.get("/judge/says/{word}")
async def says(word: str):
    return {"done": word}


@router.get("/judge/prints/{word}")
async def prints(word: str):
    print("judge prints", word)
    return await until_it_may_go(word)


@router.get("/judge/waits/{word}")
async def waits(word: str):
    print("judge waits", word, flush=True)
    return await until_it_may_go(word)


async def until_it_may_go(word: str):
    while not Path(f"/tmp/judge-{word}").exists():
        await asyncio.sleep(0.02)
    return {"done": word}
