# Wrong answer to 2.5: no more than 500 samples are looked at.
# Rejected by: test_many_samples_all_count
# Because: the sample of rank 1000

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
    if not isinstance(p, int) or not 0 <= p <= 100:
        raise ValueError(p)
    values = list(samples)
    if not values or any(math.isnan(x) for x in values):
        raise ValueError("samples")
    values = sorted(values[-500:])
    return values[max(1, -(-p * len(values) // 100)) - 1]
