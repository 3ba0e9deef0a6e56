# Wrong answer to C: the pool is replaced by the request after the crash, which gets a 500 as well.
# Rejected by: test_a_crash_costs_one_request
# Because: answered 500, expected 200

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
    try:
        future = holder.pool.submit(slow_hash, text.data)
    except BrokenProcessPool:
        holder.renew()
        raise
    return Hashed(hash=await asyncio.wrap_future(future), algorithm=ALGORITHM)
