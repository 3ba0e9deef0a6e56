# Wrong answer to C: the pool that replaced the broken one is nobody's.
# Rejected by: test_the_pool_ends_with_the_service
# Because: after a crash.*were still running

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
    with ProcessPoolExecutor(settings.pool_processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        app.state.hashing = pool
        yield


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    state = request.app.state
    pool = state.hashing
    try:
        return Hashed(hash=await asyncio.get_running_loop().run_in_executor(pool, slow_hash, text.data), algorithm=ALGORITHM)
    except BrokenProcessPool:
        if state.hashing is pool:
            state.hashing = ProcessPoolExecutor(settings.pool_processes, mp_context=multiprocessing.get_context("spawn"))
        raise
