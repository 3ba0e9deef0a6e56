# Wrong answer to C: multiprocessing.Pool.apply waits for the result, on the loop.
# Rejected by: test_two_run_at_once
# Because: app/routers/hashing.py:\d+ for [\d.]+ s, waiting

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
    with multiprocessing.get_context("spawn").Pool(settings.pool_processes) as pool:
        yield {"pool": pool}


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    return Hashed(hash=request.state.pool.apply(slow_hash, (text.data,)), algorithm=ALGORITHM)
