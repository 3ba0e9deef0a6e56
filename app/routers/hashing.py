"""POST /hash: a slow hash of a text, computed by other processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel


class Text(BaseModel):
    """What a client sends."""

    data: str


class Hashed(BaseModel):
    """What a client gets; ``hash`` is in hexadecimal digits."""

    hash: str
    algorithm: str


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Makes a pool of processes with the service, and ends it with it; it is ``request.state.hashing``."""
    # TODO C: a process for each request would take longer to start than to hash.
    # Goal: settings.pool_processes processes that stay, and end when the service does.
    # Tool: concurrent.futures.ProcessPoolExecutor, its mp_context, and .shutdown().
    yield {"hashing": None}


router = APIRouter(lifespan=lifespan)


# The work: app.work.slow_hash(data), whose name is app.work.ALGORITHM.
@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    """The hash of ``text.data``; 500 when the process that computes it crashes."""
    # TODO C: nothing is hashed yet.
    # Goal: texts are hashed at the same time, outside of this process, while the event loop is free.
    # Tool: loop.run_in_executor. After a crash the pool is broken for good (BrokenProcessPool): who makes a new one?
    raise NotImplementedError("C: /hash computes nothing yet")
