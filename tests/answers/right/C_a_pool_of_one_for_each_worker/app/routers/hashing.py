# Right answer to C: several executors of one process, lent by a queue: a crash hits nobody else.

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


def single():
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))


@asynccontextmanager
async def lifespan(app):
    idle: asyncio.Queue[ProcessPoolExecutor] = asyncio.Queue()
    for _ in range(settings.pool_processes):
        idle.put_nowait(single())
    yield {"idle": idle}
    async with AsyncExitStack() as stack:
        while not idle.empty():
            stack.enter_context(idle.get_nowait())


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    idle = request.state.idle
    executor = await idle.get()
    try:
        digest = await asyncio.get_running_loop().run_in_executor(executor, slow_hash, text.data)
    except BrokenProcessPool:
        executor = single()
        raise
    finally:
        idle.put_nowait(executor)
    return Hashed(hash=digest, algorithm=ALGORITHM)
