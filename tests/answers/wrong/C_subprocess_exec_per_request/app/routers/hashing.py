# Wrong answer to C: a process for each request, awaited and bounded, but no pool.
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


turns = asyncio.Semaphore(settings.pool_processes)


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    async with turns:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate(text.data.encode())
    if process.returncode:
        raise HTTPException(500, "the worker crashed")
    return Hashed(hash=out.decode(), algorithm=ALGORITHM)
