# Wrong answer to C: whatever crashes is tried again, for ever.
# Rejected by: test_a_crash_costs_one_request
# Because: got no answer in 10 s

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


@asynccontextmanager
async def lifespan(app):
    holder = Holder()
    yield {"holder": holder}
    holder.pool.shutdown()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    holder = request.state.holder
    while True:
        pool = holder.pool
        try:
            return Hashed(hash=await asyncio.get_running_loop().run_in_executor(pool, slow_hash, text.data), algorithm=ALGORITHM)
        except BrokenProcessPool:
            if holder.pool is pool:
                holder.renew()
