# Wrong answer to 2.5: a p of infinity, which is out of range, is an OverflowError.
# Rejected by: test_another_p_is_an_error
# Because: percentile\(\[0\.0\], float\("inf"\)\) raised OverflowError

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
    values = sorted(samples)
    if not values or int(p) != p or not 0 <= p <= 100 or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
