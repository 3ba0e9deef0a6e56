# Right answer to C: processes of its own that read texts from their standard input; a dead one is replaced.

import asyncio
import json
import sys
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM

WORKER = """
import json, sys
from app.work import slow_hash
for line in sys.stdin:
    try:
        said = {"hash": slow_hash(json.loads(line))}
    except Exception as error:
        said = {"error": repr(error)}
    print(json.dumps(said), flush=True)
"""


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str = ALGORITHM


async def start_worker():
    return await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                                                limit=1 << 24)


@asynccontextmanager
async def lifespan(app):
    workers = asyncio.Queue()
    for _ in range(settings.pool_processes):
        workers.put_nowait(await start_worker())
    yield {"workers": workers}
    while not workers.empty():
        worker = workers.get_nowait()
        worker.stdin.close()
        await worker.wait()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    workers = request.state.workers
    worker = await workers.get()
    try:
        worker.stdin.write(json.dumps(text.data).encode() + b"\n")
        await worker.stdin.drain()
        line = await worker.stdout.readline()
        if not line:
            worker = await start_worker()
            raise HTTPException(500, "a worker has crashed")
        said = json.loads(line)
        if "error" in said:
            raise HTTPException(500, said["error"])
        return Hashed(**said)
    finally:
        workers.put_nowait(worker)
