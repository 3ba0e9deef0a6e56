# Right answer to C: multiprocessing.Pool of forked processes, terminated at the end.

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
    with multiprocessing.Pool(settings.pool_processes) as pool:
        yield {"pool": pool}


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    return Hashed(hash=await asyncio.to_thread(request.state.pool.apply_async(slow_hash, (text.data,)).get, 4), algorithm=ALGORITHM)
