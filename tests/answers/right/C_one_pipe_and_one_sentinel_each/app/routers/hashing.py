# Right answer to C: spawned processes in a queue, each with a pipe; a thread waits for its pipe or its sentinel, whichever comes first.

import asyncio
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing.connection import wait

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash

context = multiprocessing.get_context("spawn")


class Text(BaseModel):
    data: str


def serve(pipe):
    while (data := pipe.recv()) is not None:
        try:
            pipe.send((True, slow_hash(data)))
        except Exception as error:
            pipe.send((False, repr(error)))


class Worker:
    def __init__(self):
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other,))
        self.process.start()
        other.close()

    def hash(self, data):
        self.pipe.send(data)
        ready = wait([self.pipe, self.process.sentinel])
        if self.pipe not in ready:
            raise ChildProcessError("it crashed")
        try:
            return self.pipe.recv()
        except EOFError as error:
            raise ChildProcessError("it crashed") from error

    def end(self):
        try:
            self.pipe.send(None)
        except OSError:
            pass
        self.process.join()


@asynccontextmanager
async def lifespan(app):
    threads = ThreadPoolExecutor(settings.pool_processes)
    free = asyncio.Queue()
    for worker in await asyncio.gather(*(asyncio.get_running_loop().run_in_executor(threads, Worker) for _ in range(settings.pool_processes))):
        free.put_nowait(worker)
    yield {"free": free, "threads": threads}
    while not free.empty():
        await asyncio.to_thread(free.get_nowait().end)


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, request: Request):
    free, loop = request.state.free, asyncio.get_running_loop()
    worker = await free.get()
    try:
        good, said = await loop.run_in_executor(request.state.threads, worker.hash, text.data)
    except (ChildProcessError, OSError) as error:
        await loop.run_in_executor(request.state.threads, worker.end)
        worker = await loop.run_in_executor(request.state.threads, Worker)
        raise HTTPException(500) from error
    finally:
        free.put_nowait(worker)
    if not good:
        raise HTTPException(500, said)
    return {"hash": said, "algorithm": ALGORITHM}
