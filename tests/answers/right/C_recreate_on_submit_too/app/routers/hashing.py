# Right answer to C: submit itself may say that the pool is broken; then once more with a new one.
import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app import work
from app.settings import settings


class Text(BaseModel):
    data: str


def new_pool():
    return ProcessPoolExecutor(max_workers=settings.pool_processes, mp_context=multiprocessing.get_context("spawn"))


@asynccontextmanager
async def lifespan(app):
    app.state.pool = new_pool()
    try:
        yield
    finally:
        app.state.pool.shutdown()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request):
    app = request.app
    try:
        future = app.state.pool.submit(work.slow_hash, text.data)
    except BrokenProcessPool:
        app.state.pool = new_pool()
        future = app.state.pool.submit(work.slow_hash, text.data)
    try:
        result = await asyncio.wrap_future(future)
    except BrokenProcessPool:
        raise HTTPException(status_code=500, detail="The worker process crashed")
    return {"hash": result, "algorithm": work.ALGORITHM}
