# Right answer to 2.4, 2.5: the last of the largest ones that are left above.

import heapq
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
    values = tuple(samples)
    if len(values) < 1 or any(map(math.isnan, values)):
        raise ValueError("samples")
    if isinstance(p, float) and not p.is_integer() or not 0 <= p <= 100:
        raise ValueError("p")
    rank = max(1, -(int(-p * len(values)) // 100))
    return heapq.nlargest(len(values) - rank + 1, values)[-1]
