# Right answer to 4.3: threads with the client of the standard library.

import http.client
import math
import threading
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


def measure(url: str, seconds: float, concurrency: int) -> Result:
    parts = urlsplit(url)
    path = parts.path + ("?" + parts.query if parts.query else "")
    begin = time.perf_counter() + WARM_UP_SECONDS
    end = begin + seconds
    rows: list[tuple[float, float, int]] = []

    def user() -> None:
        while time.perf_counter() < end:
            sent = time.perf_counter()
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
            try:
                connection.request("GET", path, headers={"Connection": "close"})
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                status = 0
                time.sleep(0.005)
            finally:
                connection.close()
            rows.append((sent, time.perf_counter(), status))

    threads = [threading.Thread(target=user) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = [row for row in rows if begin <= row[1] <= end]
    good = sorted(answered - sent for sent, answered, status in counted if status == 200)
    p50, p95 = (good[math.ceil(len(good) * p / 100) - 1] if good else math.nan for p in (50, 95))
    return Result(len(good) / seconds, p50, p95, len(counted) - len(good))


def speedup(one: Result, many: Result) -> float:
    if one.throughput_rps == 0:
        raise ValueError("no throughput to compare with")
    return many.throughput_rps / one.throughput_rps
