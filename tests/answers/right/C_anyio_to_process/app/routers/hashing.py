# Right answer to C: anyio's processes, as many as its limiter has tokens; they end with the event loop.

import functools

from anyio import CapacityLimiter, to_process
from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


@functools.cache
def processes() -> CapacityLimiter:
    return CapacityLimiter(settings.pool_processes)


router = APIRouter()


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    return Hashed(hash=await to_process.run_sync(slow_hash, text.data, limiter=processes()), algorithm=ALGORITHM)
