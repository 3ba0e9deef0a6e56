# Wrong answer to C: a thread of the pool's, which shares the GIL.
# Rejected by: test_it_runs_in_another_process
# Because: on a thread
# Because: app/routers/hashing.py:2\d: return
# Because: GIL

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
def hash_text(text: Text) -> Hashed:
    return Hashed(hash=slow_hash(text.data), algorithm=ALGORITHM)
