# Right answer to C: made when it is first needed, by a dependency; the lifespan ends it.

import asyncio
import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


class Holder:
    pool: Executor | None = None


async def get_pool() -> Executor:
    if Holder.pool is None:
        Holder.pool = ProcessPoolExecutor(settings.pool_processes, mp_context=multiprocessing.get_context("spawn"))
    return Holder.pool


@asynccontextmanager
async def lifespan(app):
    yield
    if Holder.pool is not None:
        Holder.pool.shutdown()
        Holder.pool = None


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, pool: Annotated[Executor, Depends(get_pool)]) -> Hashed:
    try:
        return Hashed(hash=await asyncio.get_running_loop().run_in_executor(pool, slow_hash, text.data), algorithm=ALGORITHM)
    except BrokenProcessPool:
        if Holder.pool is pool:
            Holder.pool = None
        raise
