# Right answer to C: a pool in the application's state, of the platform's default kind.

import asyncio
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.pool = ProcessPoolExecutor(max_workers=settings.pool_processes)
    yield
    app.state.pool.shutdown()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    state = request.app.state
    pool = state.pool
    loop = asyncio.get_running_loop()
    try:
        result = await loop.run_in_executor(pool, slow_hash, text.data)
    except BrokenExecutor:
        if state.pool is pool:
            state.pool = ProcessPoolExecutor(max_workers=settings.pool_processes)
        raise
    return Hashed(hash=result, algorithm=ALGORITHM)
