# Right answer to C: the executor is made by the import, which starts no process yet, and shut down by the lifespan.

import asyncio
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


executor = ProcessPoolExecutor(settings.pool_processes)


@asynccontextmanager
async def lifespan(app):
    try:
        yield
    finally:
        executor.shutdown(wait=True)


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    global executor
    mine = executor
    try:
        value, = await asyncio.gather(asyncio.get_event_loop().run_in_executor(mine, slow_hash, text.data))
    except BrokenProcessPool:
        if mine is executor:
            executor = ProcessPoolExecutor(settings.pool_processes)
        raise
    return Hashed(hash=value, algorithm=ALGORITHM)
