# Right answer to C: multiprocessing.Pool with callbacks into the loop; a lost task is noticed by a time limit.

import asyncio
import multiprocessing
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request
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
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def settle(method, value):
        if not future.done():
            method(value)

    request.state.pool.apply_async(
        slow_hash, (text.data,),
        callback=lambda value: loop.call_soon_threadsafe(settle, future.set_result, value),
        error_callback=lambda error: loop.call_soon_threadsafe(settle, future.set_exception, error),
    )
    try:
        return Hashed(hash=await asyncio.wait_for(future, 4), algorithm=ALGORITHM)
    except TimeoutError:
        raise HTTPException(500, "the worker has died, or is much too slow")
