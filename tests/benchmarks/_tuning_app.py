"""The service of the experiments: it computes, waits, holds a model, or refuses what is too much."""

import asyncio
import concurrent.futures
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import numpy as np

from dojo import virtual_cpu

#: How long a request computes and waits, in seconds; of the loop in Python this is what it takes when nobody else wants the CPU.
COMPUTES, WAITS = 0.02, 0.1
TURNS = int(os.environ.get("TUNING_TURNS", "400000"))
#: How many requests may be in flight before others are refused; 0 for no limit.
LIMIT = int(os.environ.get("TUNING_LIMIT", "0"))
#: Where the model is, and whether it is mapped.
MODEL, MAPPED = os.environ.get("TUNING_MODEL", ""), os.environ.get("TUNING_MAPPED") == "1"

model = np.load(MODEL, mmap_mode="r" if MAPPED else None) if MODEL else np.zeros(1, np.float32)
one = concurrent.futures.ThreadPoolExecutor(1)
in_flight = 0


def loop(turns: int) -> int:
    """A loop in Python."""
    total = 0
    for number in range(turns):
        total += number & 3
    return total


async def answered(path: str) -> int:
    """Does what the path says, and gives the status."""
    global in_flight
    if LIMIT and in_flight >= LIMIT:
        return 503
    in_flight += 1
    try:
        if path == "/computes":
            loop(TURNS)
        elif path == "/virtual":
            virtual_cpu.compute(COMPUTES)
        elif path == "/in-turn":
            await asyncio.get_running_loop().run_in_executor(one, lambda: virtual_cpu.compute(COMPUTES, gil_released=True))
        elif path == "/waits":
            await asyncio.sleep(WAITS)
        elif path == "/uses-the-model":
            float(model.sum(dtype=np.float64))
    finally:
        in_flight -= 1
    return 200


async def app(scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """The application."""
    if scope["type"] != "http":
        return
    status = await answered(scope["path"])
    headers = [(b"content-length", b"0"), (b"x-pid", str(os.getpid()).encode()), *([(b"retry-after", b"1")] if status == 503 else [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body"})
