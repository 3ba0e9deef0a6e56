# Right answer to 4.3: requests.get in threads, a new connection each time; numbers of numpy.

import asyncio
import math
import time
from dataclasses import dataclass

WARM_UP_SECONDS = 2.0


@dataclass(frozen=True)
class Result:
    throughput_rps: float
    p50_s: float
    p95_s: float
    errors: int


def percentile(values, p):
    if not values:
        return math.nan
    values = sorted(values)
    return values[max(0, math.ceil(p / 100 * len(values)) - 1)]


def speedup(one, many):
    if one.throughput_rps == 0:
        raise ValueError("no throughput to compare with")
    return many.throughput_rps / one.throughput_rps


from concurrent.futures import ThreadPoolExecutor

import numpy as np
import requests


def measure(url, seconds, concurrency):
    begin = time.monotonic() + WARM_UP_SECONDS
    end = begin + seconds

    def user(_):
        rows = []
        while (t0 := time.monotonic()) < end:
            try:
                status = requests.get(url, timeout=10).status_code
            except requests.RequestException:
                status = None
                time.sleep(0.01)
            t1 = time.monotonic()
            if begin <= t1 < end:
                rows.append((status, t1 - t0))
        return rows

    with ThreadPoolExecutor(concurrency) as pool:
        rows = [row for part in pool.map(user, range(concurrency)) for row in part]
    good = np.array([latency for status, latency in rows if status == 200])
    p50, p95 = np.percentile(good, [50, 95]) if len(good) else (math.nan, math.nan)
    return Result(len(good) / seconds, float(p50), float(p95), len(rows) - len(good))
