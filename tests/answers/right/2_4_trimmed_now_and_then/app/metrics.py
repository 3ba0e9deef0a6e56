# Right answer to 2.4, 2.5: a list that is cut once it is twice as long, so that cutting is rare.

import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self._samples = []
        self._count = 0
        self._seconds = 0.0
        self._lock = threading.Semaphore()

    def __len__(self):
        with self._lock:
            return min(len(self._samples), self.capacity)

    @property
    def total_count(self):
        with self._lock:
            return self._count

    @property
    def total_seconds(self):
        with self._lock:
            return self._seconds

    def add(self, seconds):
        if not math.isfinite(seconds):
            raise ValueError("not finite")
        if seconds < 0:
            raise ValueError("negative")
        with self._lock:
            self._samples.append(seconds)
            if len(self._samples) >= 2 * self.capacity + 100:
                del self._samples[:-self.capacity]
            self._count += 1
            self._seconds += seconds

    def snapshot(self):
        with self._lock:
            return self._samples[-self.capacity:]


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
