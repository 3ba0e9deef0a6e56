# Wrong answer to C: the first request goes to a process, the others to threads.
# Rejected by: test_it_runs_in_another_process or test_two_run_at_once or test_each_text_is_hashed
# Because: the service's own process

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


seen = []


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    seen.append(text.data)
    if len(seen) % 2:
        digest = await asyncio.get_running_loop().run_in_executor(request.state.holder.pool, slow_hash, text.data)
    else:
        digest = await asyncio.to_thread(slow_hash, text.data)
    return Hashed(hash=digest, algorithm=ALGORITHM)
