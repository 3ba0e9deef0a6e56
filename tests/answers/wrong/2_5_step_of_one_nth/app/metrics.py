# Wrong answer to 2.5: multiples of 1/n in floating point are compared with p/100.
# Rejected by: test_every_rank_is_right
# Because: ⌈20·35/100⌉ = 7

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
    values.sort()
    step = 1 / len(values)
    return next((x for i, x in enumerate(values, 1) if i * step >= p / 100), values[-1])
