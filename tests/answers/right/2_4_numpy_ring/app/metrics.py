# Right answer to 2.4, 2.5: a numpy array as a ring, rolled when it is read.

import math
import numpy as np
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if capacity < 1 or capacity % 1:
            raise ValueError("a window holds at least one sample")
        self._data = np.empty(int(capacity))
        self._count = 0
        self._sum = 0.0
        self._lock = threading.Lock()

    @property
    def total_count(self):
        return self._count

    @property
    def total_seconds(self):
        return float(self._sum)

    def __len__(self):
        return min(self._count, self._data.size)

    def add(self, seconds):
        if np.isnan(seconds) or np.isinf(seconds) or seconds < 0:
            raise ValueError("a latency is finite and not negative")
        self._lock.acquire()
        try:
            self._data[self._count % self._data.size] = seconds
            self._count += 1
            self._sum += seconds
        finally:
            self._lock.release()

    def snapshot(self):
        with self._lock:
            if self._count <= self._data.size:
                return self._data[:self._count].tolist()
            return np.roll(self._data, -(self._count % self._data.size)).tolist()


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
