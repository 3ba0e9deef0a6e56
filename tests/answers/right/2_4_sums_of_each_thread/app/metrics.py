# Right answer to 2.4, 2.5: each thread has totals of its own, and a deque takes samples in one step: no lock.

import math
import threading
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be a whole number from 1 on")
        self._samples = deque(maxlen=capacity)
        self._totals = {}

    def __len__(self):
        return len(self._samples)

    @property
    def total_count(self):
        return sum(count for count, _ in list(self._totals.values()))

    @property
    def total_seconds(self):
        return math.fsum(seconds for _, seconds in list(self._totals.values()))

    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError("seconds must be finite and not negative")
        me = threading.get_ident()
        count, total = self._totals.get(me, (0, 0.0))
        self._samples.append(seconds)
        self._totals[me] = (count + 1, total + seconds)

    def snapshot(self):
        return list(self._samples.copy())


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
