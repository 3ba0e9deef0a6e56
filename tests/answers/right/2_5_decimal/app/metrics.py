# Right answer to 2.4, 2.5: the rank by Decimal.

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


from decimal import ROUND_CEILING, Decimal
def percentile(samples, p):
    if p not in range(0, 101):
        raise ValueError(p)
    ordered = sorted(samples)
    if not ordered or sum(map(math.isnan, ordered)):
        raise ValueError("samples")
    rank = int((Decimal(p) * len(ordered) / 100).to_integral_value(ROUND_CEILING))
    return ordered[max(rank, 1) - 1]
