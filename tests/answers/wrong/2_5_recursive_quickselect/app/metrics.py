# Wrong answer to 2.5: quickselect by recursion, with the first sample as its pivot.
# Rejected by: test_many_samples_all_count
# Because: rising order.*RecursionError

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


def select(values, k):
    pivot, rest = values[0], values[1:]
    low = [x for x in rest if x < pivot]
    high = [x for x in rest if x >= pivot]
    if k < len(low):
        return select(low, k)
    if k == len(low):
        return pivot
    return select(high, k - len(low) - 1)

def percentile(samples, p):
    if not isinstance(p, int) or not 0 <= p <= 100:
        raise ValueError(p)
    values = list(samples)
    if not values or any(math.isnan(x) for x in values):
        raise ValueError("samples")
    rank = max(1, -(-p * len(values) // 100))
    return select(values, rank - 1)
