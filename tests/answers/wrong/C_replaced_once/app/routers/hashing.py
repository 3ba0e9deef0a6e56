# Wrong answer to C: a second pool is there, and no third.
# Rejected by: test_a_crash_costs_one_request
# Because: BrokenProcessPool

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


@asynccontextmanager
async def lifespan(app):
    pools = [ProcessPoolExecutor(settings.pool_processes) for _ in range(2)]
    yield {"pools": pools}
    for pool in pools:
        pool.shutdown()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    pools = request.state.pools
    try:
        return Hashed(hash=await asyncio.get_running_loop().run_in_executor(pools[0], slow_hash, text.data), algorithm=ALGORITHM)
    except BrokenProcessPool:
        if len(pools) > 1:
            pools.pop(0)
        raise
