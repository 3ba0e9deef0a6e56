# Right answer to C: programs of their own, started with the service, which are sent one line for each text.

import asyncio
import json
import sys
from contextlib import asynccontextmanager

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM

PROGRAM = """
import json, sys, os
from app.work import slow_hash
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for line in sys.stdin:
    try:
        answer = {"hash": slow_hash(json.loads(line))}
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), file=out, flush=True)
"""


class Text(BaseModel):
    data: str


async def start():
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24)


async def end(process):
    process.stdin.close()
    await process.wait()


@asynccontextmanager
async def lifespan(app):
    idle = asyncio.LifoQueue()
    for _ in range(settings.pool_processes):
        idle.put_nowait(await start())
    yield {"idle": idle}
    await asyncio.gather(*(end(idle.get_nowait()) for _ in range(idle.qsize())))


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request):
    idle = request.state.idle
    process = await idle.get()
    line = b""
    try:
        process.stdin.write(json.dumps(text.data).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
    except OSError:
        pass
    finally:
        if not line:
            if process.returncode is None:
                process.kill()
            await process.wait()
            process = await start()
        idle.put_nowait(process)
    answer = json.loads(line) if line else {"error": "the process has ended"}
    if "error" in answer:
        raise HTTPException(500, answer["error"])
    return {"hash": answer["hash"], "algorithm": ALGORITHM}
