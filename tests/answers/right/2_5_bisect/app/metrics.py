# Right answer to 2.4, 2.5: a list that is kept in order by bisect.insort.

import bisect
import math
import threading
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.samples = deque(maxlen=capacity)
        self.total_count = 0
        self.total_seconds = 0.0
        self.lock = threading.Lock()

    def __len__(self):
        return len(self.samples)

    def add(self, seconds):
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("not a latency")
        with self.lock:
            self.samples.append(seconds)
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        with self.lock:
            return list(self.samples)


def percentile(samples, p):
    if not isinstance(p, int) or p not in range(0, 101):
        raise ValueError("p")
    ordered = []
    for sample in samples:
        if math.isnan(sample):
            raise ValueError("NaN")
        bisect.insort(ordered, sample)
    if not ordered:
        raise ValueError("no samples")
    quotient, rest = divmod(p * len(ordered), 100)
    return ordered[max(0, quotient + (rest > 0) - 1)]
