# Wrong answer to 2.5: numpy arrays are left to numpy's "inverted_cdf", whose rank is computed in floating point.
# Rejected by: test_any_iterable_will_do
# Because: 100 samples came as a numpy array: for p = 7, percentile\(\) returned 1\.0
# Because: That is the sample of rank 8

import math
import numpy as np
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
    if isinstance(samples, np.ndarray) and samples.size and p in range(101) and not np.isnan(samples).any():
        return float(np.percentile(samples, p, method="inverted_cdf"))
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
