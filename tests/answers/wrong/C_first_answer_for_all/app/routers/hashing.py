# Wrong answer to C: the first hash is kept for all texts.
# Rejected by: test_each_text_is_hashed
# Because: slow_hash was not called

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


kept = []


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    holder = request.state.holder
    if not kept:
        kept.append(await asyncio.get_running_loop().run_in_executor(holder.pool, slow_hash, text.data))
    return Hashed(hash=kept[0], algorithm=ALGORITHM)
