# Right answer to 2.4, 2.5: numpy.partition puts the element of one rank in its place.

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
    values = np.fromiter(samples, dtype=float)
    if values.size == 0 or np.isnan(values).any():
        raise ValueError("no samples, or a NaN among them")
    if not isinstance(p, (int, np.integer)) or not 0 <= p <= 100:
        raise ValueError("p must be an int from 0 to 100")
    k = max(0, -(-p * values.size // 100) - 1)
    return float(np.partition(values, k)[k])
