# Wrong answer to 2.5: numpy arrays are sorted by numpy, and nobody looks for a NaN in them.
# Rejected by: test_a_nan_is_an_error
# Because: percentile\(\[float\("nan"\)\], 0\), given as a numpy array, returned nan

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
    array = isinstance(samples, np.ndarray)
    values = np.sort(samples) if array else sorted(samples)
    if not len(values) or p not in range(101) or not array and any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return float(values[max(1, (int(p) * len(values) + 99) // 100) - 1])
