# Right answer to C: def: a thread waits for the process, and the loop for nobody.

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


class Pool:
    def __init__(self):
        self.lock = threading.Lock()
        self.executor = self.fresh()

    def fresh(self):
        return ProcessPoolExecutor(settings.pool_processes, multiprocessing.get_context("spawn"))

    def run(self, function, argument):
        with self.lock:
            executor = self.executor
            try:
                future = executor.submit(function, argument)
            except BrokenProcessPool:
                executor = self.executor = self.fresh()
                future = executor.submit(function, argument)
        return future.result()


@asynccontextmanager
async def lifespan(app):
    pool = Pool()
    yield {"pool": pool}
    pool.executor.shutdown()


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
def hash_text(text: Text, request: Request) -> Hashed:
    return Hashed(hash=request.state.pool.run(slow_hash, text.data), algorithm=ALGORITHM)
