# Wrong answer to 2.4: each thread sees what it has added itself.
# Rejected by: test_two_threads_that_add_lose_nothing
# Because: window\.snapshot\(\) returned \[0\.25\].*came in at app/metrics\.py:\d+

import math
import threading
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.local = threading.local()
        self.total_count = 0
        self.total_seconds = 0.0
        self.lock = threading.Lock()

    def __len__(self):
        return len(self.mine())

    def add(self, seconds):
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("not a latency")
        with self.lock:
            self.mine().append(seconds)
            self.total_count += 1
            self.total_seconds += seconds

    def mine(self):
        if not hasattr(self.local, "samples"):
            self.local.samples = deque(maxlen=self.capacity)
        return self.local.samples

    def snapshot(self):
        with self.lock:
            return list(self.mine())


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
