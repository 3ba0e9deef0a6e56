# Wrong answer to 4.3: never more than ten requests are in flight, whatever the concurrency: the client's pool has ten connections.
# Rejected by: test_so_many_requests_are_in_flight
# Because: concurrency=12\): there were 10 requests in flight at most

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


def percentile(values: list[float], p: int) -> float:
    return sorted(values)[math.ceil(p * len(values) / 100) - 1] if values else math.nan


def speedup(one: Result, many: Result) -> float:
    if one.throughput_rps == 0:
        raise ValueError("no throughput to compare with")
    return many.throughput_rps / one.throughput_rps


def measure(url: str, seconds: float, concurrency: int) -> Result:
    return asyncio.run(load(url, seconds, concurrency))


async def load(url: str, seconds: float, concurrency: int) -> Result:
    latencies: list[float] = []
    errors = 0
    begin = time.monotonic() + WARM_UP_SECONDS
    end = begin + seconds

    async def user(client: httpx.AsyncClient) -> None:
        nonlocal errors
        while (sent := time.monotonic()) < end:
            try:
                good = (await client.get(url)).status_code == 200
            except httpx.HTTPError:
                await asyncio.sleep(0.005)
                good = False
            answered = time.monotonic()
            if begin <= answered < end:
                if good:
                    latencies.append(answered - sent)
                else:
                    errors += 1

    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=10, max_keepalive_connections=0), timeout=30) as client:
        await asyncio.gather(*(user(client) for _ in range(concurrency)))
    return Result(len(latencies) / seconds, percentile(latencies, 50), percentile(latencies, 95), errors)
