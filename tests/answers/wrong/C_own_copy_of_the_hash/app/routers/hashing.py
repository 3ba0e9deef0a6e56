# Wrong answer to C: the given function, copied.
# Rejected by: test_each_text_is_hashed
# Because: slow_hash was not called|another hash

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


def my_hash(data: str) -> str:
    state = 0xCBF29CE484222325
    for byte in data.encode():
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    for _ in range(1_600_000):
        state = (state ^ (state >> 56)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{state:016x}"


class Holder:
    def __init__(self):
        self.renew()

    def renew(self):
        self.pool = ProcessPoolExecutor(settings.pool_processes, mp_context=multiprocessing.get_context("spawn"))


@asynccontextmanager
async def lifespan(app):
    holder = Holder()
    yield {"holder": holder}
    holder.pool.shutdown()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    holder = request.state.holder
    pool = holder.pool
    try:
        return Hashed(hash=await asyncio.get_running_loop().run_in_executor(pool, my_hash, text.data), algorithm=ALGORITHM)
    except BrokenProcessPool:
        if holder.pool is pool:
            holder.renew()
        raise
