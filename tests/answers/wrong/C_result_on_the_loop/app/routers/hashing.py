# Wrong answer to C: the loop stands until the process is done.
# Rejected by: test_two_run_at_once
# Because: app/routers/hashing.py:\d+ for [\d.]+ s, waiting

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
        return Hashed(hash=holder.pool.submit(slow_hash, text.data).result(), algorithm=ALGORITHM)
    except BrokenProcessPool:
        holder.renew()
        raise
