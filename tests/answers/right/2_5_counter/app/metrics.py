# Right answer to 2.4, 2.5: values counted, and the counts summed up until they are enough.

import math
import threading
from collections import Counter
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
    counted = Counter(samples)
    n = sum(counted.values())
    if n == 0:
        raise ValueError("no samples")
    if any(math.isnan(x) for x in counted):
        raise ValueError("NaN")
    if p < 0 or p > 100 or p != round(p):
        raise ValueError("p")
    seen = 0
    for value in sorted(counted):
        seen += counted[value]
        if 100 * seen >= p * n:
            return float(value)
