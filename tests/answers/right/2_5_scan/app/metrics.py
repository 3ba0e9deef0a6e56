# Right answer to 2.4, 2.5: each sample's share of the samples is counted.

import math
import threading
from collections import deque

class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity")
        self._samples = deque(maxlen=capacity)
        self.total_count, self.total_seconds = 0, 0.0
        self._lock = threading.Lock()
    def __len__(self):
        return len(self._samples)
    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError(seconds)
        with self._lock:
            self._samples.append(seconds)
            self.total_count += 1
            self.total_seconds += seconds
    def snapshot(self):
        with self._lock:
            return list(self._samples)


def percentile(samples, p):
    if p % 1 or not 0 <= p <= 100:
        raise ValueError(p)
    samples = list(samples)
    if any(x != x for x in samples) or not samples:
        raise ValueError("samples")
    n = len(samples)
    for count, sample in enumerate(sorted(samples), start=1):
        if 100 * count >= p * n:
            return sample
