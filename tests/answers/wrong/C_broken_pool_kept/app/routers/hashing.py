# Wrong answer to C: the broken pool stays.
# Rejected by: test_a_crash_costs_one_request
# Because: BrokenProcessPool

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
        yield {"pool": pool}


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    return Hashed(hash=await asyncio.get_running_loop().run_in_executor(request.state.pool, slow_hash, text.data), algorithm=ALGORITHM)
