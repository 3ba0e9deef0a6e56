# Right answer to C: a class keeps the pool behind a lock of asyncio's, and hashes by `asyncio.wrap_future`; a dependency hands it out.

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing import get_context
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from app import work
from app.settings import settings


class Text(BaseModel):
    data: str


class Hasher:
    def __init__(self):
        self.lock = asyncio.Lock()
        self.pool = None

    async def started(self):
        async with self.lock:
            if self.pool is None:
                pool = ProcessPoolExecutor(settings.pool_processes, get_context("spawn"))
                await asyncio.gather(*(asyncio.wrap_future(pool.submit(os.getpid)) for _ in range(settings.pool_processes)))
                self.pool = pool
            return self.pool

    async def __aenter__(self):
        await self.started()
        return self

    async def __aexit__(self, *_):
        if self.pool is not None:
            await asyncio.to_thread(self.pool.shutdown, cancel_futures=True)

    async def hash(self, text):
        pool = await self.started()
        try:
            return await asyncio.wrap_future(pool.submit(work.slow_hash, text))
        except BrokenProcessPool:
            async with self.lock:
                if self.pool is pool:
                    self.pool = None
            raise


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with AsyncExitStack() as stack:
        app.state.hasher = await stack.enter_async_context(Hasher())
        yield


def hasher(request: Request) -> Hasher:
    return request.app.state.hasher


router = APIRouter(lifespan=lifespan)


@router.post("/hash")
async def hash_text(text: Text, hasher: Annotated[Hasher, Depends(hasher)]):
    try:
        digest = await hasher.hash(text.data)
    except BrokenProcessPool:
        raise HTTPException(500, "the worker has crashed") from None
    return {"hash": digest, "algorithm": work.ALGORITHM}
