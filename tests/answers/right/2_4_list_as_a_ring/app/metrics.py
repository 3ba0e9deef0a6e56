# Right answer to 2.4, 2.5: a list of fixed length, and where the next sample goes.

import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if int(capacity) != capacity or capacity <= 0:
            raise ValueError(f"bad capacity: {capacity}")
        self._ring = [None] * int(capacity)
        self._next = 0
        self.total_count = 0
        self.total_seconds = 0.0
        self._lock = threading.RLock()

    def __len__(self):
        with self._lock:
            return min(self.total_count, len(self._ring))

    def add(self, seconds):
        if not (0.0 <= seconds < float("inf")):
            raise ValueError(f"bad sample: {seconds}")
        with self._lock:
            self._ring[self._next] = seconds
            self._next = (self._next + 1) % len(self._ring)
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        with self._lock:
            if self.total_count < len(self._ring):
                return self._ring[:self._next]
            return [self._ring[(self._next + i) % len(self._ring)] for i in range(len(self._ring))]


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
