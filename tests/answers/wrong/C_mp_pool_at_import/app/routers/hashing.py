# Wrong answer to C: the import starts processes.
# Rejected by: test_an_import_starts_no_process
# Because: ForkPoolWorker

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


pool = multiprocessing.Pool(settings.pool_processes)


@asynccontextmanager
async def lifespan(app):
    yield
    pool.close()
    pool.join()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    return Hashed(hash=await asyncio.to_thread(pool.apply_async(slow_hash, (text.data,)).get, 4), algorithm=ALGORITHM)
