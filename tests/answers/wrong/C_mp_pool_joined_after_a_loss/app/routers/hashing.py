# Wrong answer to C: a closed pool is waited for, which waits itself for the text that a crash took along.
# Rejected by: test_the_pool_ends_with_the_service
# Because: asked to stop after a crash, .*app/routers/hashing.py:\d+, waiting: pool.join

import multiprocessing
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


@asynccontextmanager
async def lifespan(app):
    pool = multiprocessing.Pool(processes=settings.pool_processes)
    try:
        yield {"pool": pool}
    finally:
        pool.close()
        pool.join()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
def hash_text(text: Text, request: Request):
    try:
        return {"hash": request.state.pool.apply_async(slow_hash, [text.data]).get(timeout=4), "algorithm": ALGORITHM}
    except multiprocessing.TimeoutError:
        raise HTTPException(status_code=500)
