# Right answer to 4.3: urllib in a pool of threads, one call after the other, numpy for the percentiles, and the time as it was.

import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np


WARM_UP_SECONDS = 2.0


@dataclass(frozen=True)
class Result:
    throughput_rps: float
    p50_s: float
    p95_s: float
    errors: int


def once(url: str) -> tuple[float, bool]:
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            answer.read()
            good = answer.status == 200
    except (OSError, urllib.error.URLError):
        time.sleep(0.001)
        good = False
    return time.perf_counter() - began, good


def many(url: str, until: float) -> list[tuple[float, bool]]:
    found = []
    while time.perf_counter() < until:
        found.append(once(url))
    return found


def measure(url: str, seconds: float, concurrency: int) -> Result:
    with ThreadPoolExecutor(concurrency) as pool:
        warm = time.perf_counter() + WARM_UP_SECONDS
        list(pool.map(many, [url] * concurrency, [warm] * concurrency))
        began = time.perf_counter()
        lists = pool.map(many, [url] * concurrency, [began + seconds] * concurrency)
        found = [one for some in lists for one in some]
        took = time.perf_counter() - began
    good = [latency for latency, fine in found if fine]
    p50, p95 = np.percentile(good, [50, 95]) if good else (float("nan"), float("nan"))
    return Result(len(good) / took, float(p50), float(p95), len(found) - len(good))


def speedup(one: Result, many: Result) -> float:
    if one.throughput_rps == 0:
        raise ValueError("no throughput to compare with")
    return many.throughput_rps / one.throughput_rps
