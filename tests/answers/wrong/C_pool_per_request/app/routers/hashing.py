# Wrong answer to C: each request makes a pool.
# Rejected by: test_workers_are_reused
# Because: 8 requests one after the other ran in 8

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


router = APIRouter()


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    with ProcessPoolExecutor(settings.pool_processes) as pool:
        return Hashed(hash=await asyncio.get_running_loop().run_in_executor(pool, slow_hash, text.data), algorithm=ALGORITHM)
