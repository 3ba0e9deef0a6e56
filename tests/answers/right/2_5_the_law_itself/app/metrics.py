# Right answer to 2.4, 2.5: the definition, word by word.

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
    xs = list(samples)
    if len(xs) == 0:
        raise ValueError("no samples")
    if any(math.isnan(x) for x in xs):
        raise ValueError("a NaN")
    if not 0 <= p <= 100 or p != int(p):
        raise ValueError("bad p")
    return min(x for x in xs if 100 * sum(y <= x for y in xs) >= p * len(xs))
