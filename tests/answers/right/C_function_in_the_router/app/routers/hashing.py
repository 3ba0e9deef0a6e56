# Right answer to C: the pool is given a function of the router's own, so each process imports the whole router.

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, process
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


def compute(text: Text) -> Hashed:
    return Hashed(hash=slow_hash(text.data), algorithm=ALGORITHM)


class Pool:
    def __init__(self):
        self.make()

    def make(self):
        self.executor = ProcessPoolExecutor(max_workers=settings.pool_processes, mp_context=multiprocessing.get_context("spawn"))


@asynccontextmanager
async def lifespan(app):
    pool = Pool()
    yield {"pool": pool}
    await run_in_threadpool(pool.executor.shutdown)


router = APIRouter(lifespan=lifespan)


@router.post("/hash", response_model=Hashed)
async def hash_text(text: Text, request: Request):
    pool, executor = request.state.pool, request.state.pool.executor
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(asyncio.to_thread(lambda: executor.submit(compute, text).result()))
    except* process.BrokenProcessPool:
        if pool.executor is executor:
            pool.make()
        raise
    return task.result()
