# Wrong answer to C: a pool made by the first request, which nobody ends.
# Rejected by: test_the_pool_ends_with_the_service
# Because: were still running

import functools
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


@functools.lru_cache
def workers() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(settings.pool_processes)


router = APIRouter()


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    try:
        return Hashed(hash=await asyncio.get_running_loop().run_in_executor(workers(), slow_hash, text.data), algorithm=ALGORITHM)
    except BrokenProcessPool:
        workers.cache_clear()
        raise
