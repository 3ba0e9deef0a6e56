# Right answer to 2.4, 2.5: one thread does all of it, and the others wait.

import math
from collections import deque
from concurrent.futures import ThreadPoolExecutor

_worker = ThreadPoolExecutor(max_workers=1)

class BadLatency(ValueError):
    pass

class LatencyWindow:
    def __init__(self, capacity):
        if type(capacity) is not int or capacity < 1:
            raise ValueError("capacity")
        self._samples, self._count, self._seconds = deque(maxlen=capacity), 0, 0.0
    def _do(self, seconds):
        self._samples.append(seconds)
        self._count += 1
        self._seconds += seconds
    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise BadLatency(seconds)
        _worker.submit(self._do, seconds).result()
    def snapshot(self):
        return _worker.submit(list, self._samples).result()
    def __len__(self):
        return _worker.submit(len, self._samples).result()
    @property
    def total_count(self):
        return _worker.submit(lambda: self._count).result()
    @property
    def total_seconds(self):
        return _worker.submit(lambda: self._seconds).result()


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
