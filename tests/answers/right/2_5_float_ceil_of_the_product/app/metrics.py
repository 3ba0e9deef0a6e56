# Right answer to 2.4, 2.5: sorted, and math.ceil of the product divided once, which is exact enough.

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
    xs = [float(x) for x in samples]
    if not xs:
        raise ValueError("no samples")
    if p != int(p) or p < 0 or p > 100:
        raise ValueError("p must be a whole percent")
    if any(x != x for x in xs):
        raise ValueError("NaN")
    xs.sort()
    k = math.ceil(p * len(xs) / 100)
    return xs[k - 1] if k else xs[0]
