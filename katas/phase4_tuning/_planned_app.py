"""A service that does what a plan says: so many threads or processes compute for each worker, or the loop's own thread does.

It computes on the dojo's virtual CPU. A request to ``/wait`` waits until the judge says so, by a file: on the event loop, or with
``?blocking`` by holding it, as a worker that serves one request at a time does.
"""

import asyncio
import concurrent.futures
import functools
import itertools
import multiprocessing
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from dojo import virtual_cpu

#: How long each request computes, in seconds.
SECONDS = 0.02

THREADS, PROCESSES = int(os.environ.get("PLAN_THREADS", "0")), int(os.environ.get("PLAN_PROCESSES", "0"))
#: Where each request that waits leaves a file, and where one called ``open`` lets all of them go on.
GATE = Path(os.environ.get("PLAN_GATE", "gate"))

_numbers = itertools.count()


@functools.cache
def pool() -> concurrent.futures.Executor | None:
    """Who computes; None for the loop's own thread."""
    if PROCESSES:
        return concurrent.futures.ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))
    return concurrent.futures.ThreadPoolExecutor(THREADS) if THREADS else None


async def compute(gil_released: bool) -> None:
    """Computes where the plan says."""
    work = functools.partial(virtual_cpu.compute, SECONDS, gil_released=gil_released)
    executor = pool()
    if executor is None:
        work()
    else:
        await asyncio.get_running_loop().run_in_executor(executor, work)


async def wait(blocking: bool) -> None:
    """Waits until the gate is open."""
    (GATE / f"waits-{os.getpid()}-{next(_numbers)}").touch()
    while not (GATE / "open").exists():
        if blocking:
            time.sleep(0.005)
        else:
            await asyncio.sleep(0.005)


async def app(scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Three paths: /compute, /wait, and any other one for a sign of life."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/compute":
        await compute(scope["query_string"] == b"gil_released")
    elif scope["path"] == "/wait":
        await wait(scope["query_string"] == b"blocking")
    body = str(os.getpid()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body)), (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
