# Right answer to C: the future's callback sets an event of the loop; the pool stands in app.state, replaced under a lock of a generation.

import asyncio
import multiprocessing as mp
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, HTTPException, Request
from pydantic import BaseModel, StrictStr

from app import work
from app.settings import settings


def make():
    return ProcessPoolExecutor(max_workers=settings.pool_processes, mp_context=mp.get_context("forkserver"))


@asynccontextmanager
async def lifespan(app):
    app.state.hash_pool = make()
    app.state.hash_generation = 0
    yield
    pool = app.state.hash_pool
    await asyncio.get_running_loop().run_in_executor(None, lambda: pool.shutdown(wait=True, cancel_futures=True))


router = APIRouter(lifespan=lifespan)


class Body(BaseModel):
    data: StrictStr


async def hasher(request: Request):
    state = request.app.state

    async def compute(text):
        generation, loop, done = state.hash_generation, asyncio.get_running_loop(), asyncio.Event()
        try:
            future = state.hash_pool.submit(work.slow_hash, text)
            future.add_done_callback(lambda _: loop.call_soon_threadsafe(done.set))
            await done.wait()
            return future.result()
        except BrokenProcessPool:
            if generation == state.hash_generation:
                state.hash_generation += 1
                state.hash_pool = make()
            raise HTTPException(500, "the worker died")

    yield compute


@router.post("/hash")
async def hash_text(body: Body, compute=Depends(hasher)):
    return dict(hash=await compute(body.data), algorithm=work.ALGORITHM)
