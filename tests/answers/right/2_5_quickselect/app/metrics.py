# Right answer to 2.4, 2.5: the sample of one rank, found without sorting.

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
    left = list(samples)
    if not left or any(math.isnan(x) for x in left):
        raise ValueError("samples")
    if not isinstance(p, int) or p < 0 or p > 100:
        raise ValueError("p")
    k = max(1, math.ceil(p * len(left) / 100 - 1e-9))
    while True:
        pivot = left[len(left) // 2]
        lower = [x for x in left if x < pivot]
        equal = [x for x in left if x == pivot]
        if k <= len(lower):
            left = lower
        elif k <= len(lower) + len(equal):
            return pivot
        else:
            k -= len(lower) + len(equal)
            left = [x for x in left if x > pivot]
