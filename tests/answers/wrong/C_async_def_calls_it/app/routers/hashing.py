# Wrong answer to C: async def that computes on the loop.
# Rejected by: test_it_runs_in_another_process
# Because: on the event loop's own thread
# Because: app/routers/hashing.py:2\d: return

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
    return Hashed(hash=slow_hash(text.data), algorithm=ALGORITHM)
