# Wrong answer to 2.4: the window is right, and a log of all samples grows beside it.
# Rejected by: test_what_is_dropped_is_forgotten
# Because: it keeps what it no longer shows

import math
import threading
from array import array
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.samples = deque(maxlen=capacity)
        self.all = array("d")
        self.lock = threading.Lock()

    def __len__(self):
        return len(self.samples)

    def add(self, seconds):
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("not a latency")
        with self.lock:
            self.samples.append(seconds)
            self.all.append(seconds)

    @property
    def total_count(self):
        return len(self.all)

    @property
    def total_seconds(self):
        return math.fsum(self.all)

    def snapshot(self):
        with self.lock:
            return list(self.samples)


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
