# Right answer to 4.3: users that go on for ever and are cancelled when the time is over; it is a coroutine.

import asyncio
import math
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


WARM_UP_SECONDS = 2.0


@dataclass(frozen=True)
class Result:
    throughput_rps: float
    p50_s: float
    p95_s: float
    errors: int


async def ask(url: str) -> bool:
    parts = urlsplit(url)
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(f"GET {target} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
        answer = await reader.read()
    finally:
        writer.close()
    return b" 200 " in answer.split(b"\r\n")[0]


async def measure(url: str, seconds: float, concurrency: int) -> Result:
    good, bad = [], []

    async def user():
        while True:
            sent = time.monotonic()
            try:
                target = good if await ask(url) else bad
            except OSError:
                await asyncio.sleep(0.01)
                target = bad
            target.append(time.monotonic() - sent)

    users = [asyncio.create_task(user()) for _ in range(concurrency)]
    await asyncio.sleep(WARM_UP_SECONDS)
    good.clear()
    bad.clear()
    began = time.monotonic()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - began
    count, errors = sorted(good), len(bad)
    for task in users:
        task.cancel()
    await asyncio.gather(*users, return_exceptions=True)
    p50 = count[len(count) // 2] if count else math.nan
    p95 = count[int(0.95 * len(count))] if count else math.nan
    return Result(len(count) / elapsed, p50, p95, errors)


def speedup(one: Result, many: Result) -> float:
    if one.throughput_rps == 0:
        raise ValueError("no throughput to compare with")
    return many.throughput_rps / one.throughput_rps
