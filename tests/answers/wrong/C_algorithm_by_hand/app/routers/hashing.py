# Wrong answer to C: the algorithm's name is written down once more.
# Rejected by: test_each_text_is_hashed
# Because: whose ALGORITHM is

"""POST /hash: a slow hash of a text, computed by other processes."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from app.settings import settings
from app.work import slow_hash


class Text(BaseModel):
    """What a client sends."""

    data: str


class Hashed(BaseModel):
    """What a client gets; ``hash`` is in hexadecimal digits."""

    hash: str
    algorithm: str


class _Workers:
    """A pool of processes, and another one when it breaks."""

    def __init__(self) -> None:
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            settings.pool_processes,
            # A forked process would inherit all that this one has at that moment: open connections,
            # uvicorn's handlers of signals, and locks that other threads hold. A spawned one starts afresh.
            mp_context=multiprocessing.get_context("spawn"),
            # Ctrl-C in a terminal goes to every process; this one finishes what it has accepted first.
            initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN),
        )

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)
        except BrokenProcessPool:
            # A pool that has lost a process refuses work for ever. All requests that were in it
            # come here; only the first may replace it, or the others would throw away a good one.
            if self._pool is pool:
                self._pool = self._new()
            raise

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)  # it waits for the processes, which the loop must not


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Makes a pool of processes with the service, and ends it with it; it is ``request.state.hashing``."""
    # The processes start with the first requests, and stay.
    workers = _Workers()
    try:
        yield {"hashing": workers}
    finally:
        # Nobody else would end them: uvicorn ends by the signal that stopped it, without Python's own tidying up.
        await workers.close()


router = APIRouter(lifespan=lifespan)


# The work: app.work.slow_hash(data), whose name is app.work.ALGORITHM.
@router.post("/hash")
async def hash_text(text: Text, request: Request) -> Hashed:
    """The hash of ``text.data``; 500 when the process that computes it crashes."""
    # slow_hash holds the GIL, so a thread would only take turns with the event loop's. What
    # crosses to the other process and back is pickled: keep it small.
    return Hashed(hash=await request.state.hashing.run(slow_hash, text.data), algorithm="fnv1a-64-stretched")
