# Wrong answer to C: asyncio.to_thread: the loop waits for the GIL.
# Rejected by: test_it_runs_in_another_process
# Because: on a thread
# Because: asyncio_\d

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel

from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


router = APIRouter()


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    return Hashed(hash=await asyncio.to_thread(slow_hash, text.data), algorithm=ALGORITHM)
