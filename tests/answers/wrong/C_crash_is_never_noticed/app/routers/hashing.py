# Wrong answer to C: multiprocessing.Pool replaces the dead worker and forgets its task.
# Rejected by: test_a_crash_costs_one_request
# Because: got no answer

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
    pool = multiprocessing.get_context("spawn").Pool(settings.pool_processes)
    yield {"pool": pool}
    pool.terminate()
    pool.join()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    request.state.pool.apply_async(
        slow_hash, (text.data,),
        callback=lambda value: loop.call_soon_threadsafe(future.set_result, value),
        error_callback=lambda error: loop.call_soon_threadsafe(future.set_exception, error),
    )
    return Hashed(hash=await future, algorithm=ALGORITHM)
