# Right answer to 4.3: a client of httpx for each request.

import asyncio
import math
import time
from dataclasses import dataclass

import httpx


WARM_UP_SECONDS = 2.0


@dataclass(frozen=True)
class Result:
    throughput_rps: float
    p50_s: float
    p95_s: float
    errors: int


def percentile(values: list[float], p: float) -> float:
    if not values:
        return math.nan
    values = sorted(values)
    return values[min(len(values) - 1, int(p / 100 * len(values)))]


def measure(url: str, seconds: float, concurrency: int) -> Result:
    return asyncio.run(load(url, seconds, concurrency))


async def load(url: str, seconds: float, concurrency: int) -> Result:
    latencies: list[float] = []
    errors = 0
    begin = time.monotonic() + WARM_UP_SECONDS
    end = begin + seconds

    async def user(client: httpx.AsyncClient) -> None:
        nonlocal errors
        while time.monotonic() < end:
            sent = time.monotonic()
            try:
                async with httpx.AsyncClient(timeout=30) as fresh:
                    response = await fresh.get(url)
                good = response.status_code == 200
            except httpx.HTTPError:
                await asyncio.sleep(0.005)
                good = False
            answered = time.monotonic()
            if sent < begin or answered > end:
                continue
            if good:
                latencies.append(answered - sent)
            else:
                errors += 1

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as client:
        await asyncio.gather(*(user(client) for _ in range(concurrency)))
    return Result(len(latencies) / seconds, percentile(latencies, 50), percentile(latencies, 95), errors)


def speedup(one: Result, many: Result) -> float:
    if one.throughput_rps == 0:
        raise ValueError("no throughput to compare with")
    return many.throughput_rps / one.throughput_rps
