# Wrong answer to C: a program is run for each request, and the loop waits for it.
# Rejected by: test_workers_are_reused
# Because: ran in 8 processes

import subprocess
import sys
import asyncio

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str

PROGRAM = "import sys; from app.work import slow_hash; print(slow_hash(sys.stdin.buffer.read().decode()), end='')"

router = APIRouter()


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=text.data.encode(), capture_output=True, check=True)
    return Hashed(hash=done.stdout.decode(), algorithm=ALGORITHM)
