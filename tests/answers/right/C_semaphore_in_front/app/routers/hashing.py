# Right answer to C: never more in the pool than it has processes; a memo of texts seen before; a shutdown handler of the router's.

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter, Body
from typing import Annotated

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class State:
    pool = None
    turns = None
    known: dict[str, str] = {}


def renew():
    State.pool = ProcessPoolExecutor(max_workers=settings.pool_processes, mp_context=multiprocessing.get_context("spawn"))


@asynccontextmanager
async def lifespan(app):
    State.turns = asyncio.Semaphore(settings.pool_processes)
    renew()
    try:
        yield {}
    finally:
        State.pool.shutdown(wait=False)


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(data: Annotated[str, Body(embed=True)]) -> dict[str, str]:
    if data not in State.known:
        async with State.turns:
            pool = State.pool
            try:
                State.known[data] = await asyncio.get_running_loop().run_in_executor(pool, slow_hash, data)
            except BrokenProcessPool:
                if State.pool is pool:
                    renew()
                raise
    return {"hash": State.known[data], "algorithm": ALGORITHM}
