# Wrong answer to C: the pool is ended by atexit, which uvicorn never comes to.
# Rejected by: test_the_pool_ends_with_the_service
# Because: were still running

import atexit
import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


class Holder:
    def __init__(self):
        self.renew()

    def renew(self):
        self.pool = ProcessPoolExecutor(settings.pool_processes, mp_context=multiprocessing.get_context("spawn"))


holder = Holder()
atexit.register(lambda: holder.pool.shutdown())
router = APIRouter()


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    pool = holder.pool
    try:
        return Hashed(hash=await asyncio.get_running_loop().run_in_executor(pool, slow_hash, text.data), algorithm=ALGORITHM)
    except BrokenProcessPool:
        if holder.pool is pool:
            holder.renew()
        raise
