# Right answer to 2.4, 2.5: numpy, by the law itself: the smallest of the values that enough samples do not exceed.

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
    values = np.array(list(samples), dtype=np.float64)
    if len(values) == 0:
        raise ValueError("empty")
    if np.isnan(values).any():
        raise ValueError("NaN")
    if p < 0 or p > 100 or p % 1 != 0:
        raise ValueError("p")
    candidates, counts = np.unique(values, return_counts=True)
    return candidates[np.cumsum(counts) * 100 >= p * len(values)][0]
