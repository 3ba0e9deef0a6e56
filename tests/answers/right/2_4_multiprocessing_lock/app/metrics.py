# Right answer to 2.4, 2.5: a lock that works between processes as well; the exact sum by Fractions.

import math
import multiprocessing
from collections import deque
from fractions import Fraction


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self._samples = deque([], capacity)
        self._count = 0
        self._exact = Fraction(0)
        self._lock = multiprocessing.Lock()

    def __len__(self):
        return len(self._samples)

    @property
    def total_count(self):
        return self._count

    @property
    def total_seconds(self):
        return float(self._exact)

    def add(self, seconds):
        if not 0 <= seconds < float("inf"):
            raise ValueError("no latency")
        with self._lock:
            self._samples.append(seconds)
            self._count += 1
            self._exact += Fraction(seconds)

    def snapshot(self):
        with self._lock:
            return [*self._samples]


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
