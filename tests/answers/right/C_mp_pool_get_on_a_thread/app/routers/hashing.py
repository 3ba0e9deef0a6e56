# Right answer to C: multiprocessing.Pool, terminated and joined; a thread gets each result.

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
        pool.terminate()
        pool.join()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
def hash_text(text: Text, request: Request):
    try:
        return {"hash": request.state.pool.apply_async(slow_hash, [text.data]).get(timeout=4), "algorithm": ALGORITHM}
    except multiprocessing.TimeoutError:
        raise HTTPException(status_code=500)
