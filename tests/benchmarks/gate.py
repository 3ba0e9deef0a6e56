"""What the gate costs in front of PostgreSQL and Redis, and how many requests a second pass through it.

``python -m tests.benchmarks.gate [--repeats N]``: one client in a process of its own, first on one
connection, one call after the other, then on sixteen at once; each time directly and through the
gate. Ratios are of pairs measured one after the other, medians of several; the gate's own share is
the CPU time of the process it runs in. Last, how long the servers take to start and to end, cold and warm.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch

import psycopg
import redis.asyncio as redis

from dojo import services
from dojo.protocols import PostgreSQL, Protocol, Redis
from dojo.relay import Relay

CALLS, TOGETHER = 600, 16


async def lookups(url: str, calls: int, connections: int) -> float:
    """Seconds for ``calls`` lookups on each of so many connections, once they are open."""
    if url.startswith("postgresql"):
        lines: list[Any] = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in range(connections)]
        asks: list[Callable[[], Any]] = [lambda line=line: line.execute("select name from users where user_id = %s", (7,)) for line in lines]
    else:
        lines = [redis.Redis.from_url(url, single_connection_client=True) for _ in range(connections)]
        asks = [lambda line=line: line.get("key") for line in lines]

    async def ask(one: Callable[[], Any], times: int) -> None:
        for _ in range(times):
            await one()

    await asyncio.gather(*(ask(one, 10) for one in asks))
    began = time.perf_counter()
    await asyncio.gather(*(ask(one, calls) for one in asks))
    took = time.perf_counter() - began
    for line in lines:
        await (line.close() if url.startswith("postgresql") else line.aclose())
    return took


def client(url: str, calls: int, connections: int) -> float:
    """`lookups`, in a process of its own."""
    return asyncio.run(lookups(url, calls, connections))


async def pairs(server: services.Server, protocol: Callable[[], Protocol], pool: ProcessPoolExecutor, repeats: int, connections: int) -> str:
    """A row of the table."""
    loop, gate = asyncio.get_running_loop(), await Relay("it", server.host, server.port, protocol).start()
    each = CALLS // connections
    direct, through, share = [], [], []
    for _ in range(repeats):
        direct.append(await loop.run_in_executor(pool, client, server.url, each, connections) / (each * connections))
        gate.close(lambda call: False)  # it forgets the calls of the last round
        gate.open()
        busy = time.process_time()
        through.append(await loop.run_in_executor(pool, client, server.at("127.0.0.1", gate.port), each, connections) / (each * connections))
        share.append((time.process_time() - busy) / ((each + 10) * connections))
    await gate.stop()
    ratio = statistics.median(b / a for a, b in zip(direct, through, strict=True))
    a, b, own = (statistics.median(column) for column in (direct, through, share))
    return (f"{server.kind:<12} {connections:>11} {a * 1e6:>9.0f} µs {b * 1e6:>8.0f} µs {ratio:>7.2f} x {own * 1e6:>9.0f} µs "
            f"{1 / a:>10.0f}/s {1 / b:>9.0f}/s")


def starts(repeats: int) -> None:
    """Prints how long servers take to start and to end."""
    print(f"\n{'':<12} {'cold start':>11} {'warm start':>11} {'end':>9}")
    for start in (services.postgres, services.redis):
        cold, warm, end = [], [], []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as cache, patch.dict(os.environ, {"XDG_CACHE_HOME": cache}):
                for times in (cold, warm):
                    began = time.perf_counter()
                    server = start()
                    ready = time.perf_counter()
                    server.close()
                    times.append(ready - began)
                    end.append(time.perf_counter() - ready)
        print(f"{server.kind:<12} " + " ".join(f"{statistics.median(times):>9.2f} s" for times in (cold, warm, end)), flush=True)


async def gates(repeats: int) -> None:
    """Prints the table."""
    print(f"{'':<12} {'connections':>11} {'direct':>12} {'gate':>11} {'ratio':>9} {'its share':>12} {'direct':>12} {'gate':>11}")
    both = services.Services()
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            for server, protocol in ((await both.postgres(), PostgreSQL), (await both.redis(), Redis)):
                for connections in (1, TOGETHER):
                    print(await pairs(server, protocol, pool, repeats, connections), flush=True)
    finally:
        both.close()


def main() -> int:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    asyncio.run(gates(arguments.repeats))
    starts(max(1, arguments.repeats // 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
