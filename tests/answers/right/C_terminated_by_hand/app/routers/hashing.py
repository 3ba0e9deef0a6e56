# Right answer to C: at the end the pool's processes are terminated one by one, and joined.

import asyncio
import multiprocessing
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import asynccontextmanager

from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Pool:
    current: ProcessPoolExecutor | None = None
    spawn = multiprocessing.get_context("spawn")

    @classmethod
    def get(cls):
        if cls.current is None:
            cls.current = ProcessPoolExecutor(settings.pool_processes, cls.spawn)
        return cls.current

    @classmethod
    def drop(cls, broken):
        if cls.current is broken:
            cls.current = None


@asynccontextmanager
async def lifespan(app):
    yield
    pool, Pool.current = Pool.current, None
    if pool is not None:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            await asyncio.to_thread(process.join)


router = APIRouter(lifespan=lifespan)


class HashRequest(BaseModel):
    data: str


class HashResponse(BaseModel):
    hash: str
    algorithm: str = ALGORITHM


@router.post("/hash", response_model=HashResponse)
async def hash_text(request: HashRequest):
    pool = Pool.get()
    try:
        return HashResponse(hash=await asyncio.wrap_future(pool.submit(slow_hash, request.data)))
    except BrokenExecutor:
        Pool.drop(pool)
        raise
