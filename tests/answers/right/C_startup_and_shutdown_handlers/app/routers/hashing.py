# Right answer to C: handlers of the router's start and stop instead of a lifespan; the future is polled.

import asyncio
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from fastapi import APIRouter
from pydantic import BaseModel

from app.settings import settings
from app.work import ALGORITHM, slow_hash


class Text(BaseModel):
    data: str


class Hashed(BaseModel):
    hash: str
    algorithm: str


class Pool:
    executor: ProcessPoolExecutor

    @classmethod
    async def open(cls) -> None:
        cls.executor = ProcessPoolExecutor(settings.pool_processes)

    @classmethod
    def close(cls) -> None:
        cls.executor.shutdown()


router = APIRouter(on_startup=[Pool.open], on_shutdown=[Pool.close])


@router.post("/hash")
async def hash_text(text: Text) -> Hashed:
    executor = Pool.executor
    try:
        future = executor.submit(slow_hash, text.data)
        while not future.done():
            await asyncio.sleep(0.005)
        return Hashed(hash=future.result(), algorithm=ALGORITHM)
    except BrokenProcessPool:
        if Pool.executor is executor:
            await Pool.open()
        raise
