# Wrong answer to 2.4: beside the window, a histogram that grows with every time it has not seen.
# Rejected by: test_what_is_dropped_is_forgotten
# Because: keeps what it no longer shows

import math
import threading
from collections import Counter, deque

class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity")
        self._samples = deque(maxlen=capacity)
        self._count, self._seconds = 0, 0.0
        self._lock = threading.Lock()
        self.histogram = {}
    def __len__(self):
        return len(self._samples)
    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError(seconds)
        with self._lock:
            self._samples.append(seconds)
            self._count += 1
            self._seconds += seconds
            k = round(seconds / 10)
            self.histogram[k] = self.histogram.get(k, 0) + 1
    def snapshot(self):
        with self._lock:
            return list(self._samples)
    @property
    def total_count(self):
        return self._count
    @property
    def total_seconds(self):
        return self._seconds


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
