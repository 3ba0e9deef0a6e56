# Right answer to C: a future of the pool's wrapped for asyncio; processes of a fork server.

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from app import work
from app.settings import settings

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["app.work"])
pool: ProcessPoolExecutor | None = None


def new_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(settings.pool_processes, mp_context=context)


@asynccontextmanager
async def lifespan(_app):
    global pool
    pool = new_pool()
    yield
    pool.shutdown(wait=False, cancel_futures=True)


router = APIRouter(lifespan=lifespan)


class Text(BaseModel):
    data: str


@router.post("/hash")
async def hash_text(text: Text):
    global pool
    used = pool
    try:
        digest = await asyncio.wrap_future(used.submit(work.slow_hash, text.data))
    except BrokenProcessPool as error:
        if pool is used:
            pool = new_pool()
        raise HTTPException(500, "a worker crashed") from error
    return {"hash": digest, "algorithm": work.ALGORITHM}
