# Wrong answer to C: a ThreadPoolExecutor of its own.
# Rejected by: test_it_runs_in_another_process
# Because: on a thread
# Because: ThreadPoolExecutor

import asyncio
from concurrent.futures import ThreadPoolExecutor
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
    with ThreadPoolExecutor(settings.pool_processes) as pool:
        yield {"pool": pool}


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    return Hashed(hash=await asyncio.get_running_loop().run_in_executor(request.state.pool, slow_hash, text.data), algorithm=ALGORITHM)
