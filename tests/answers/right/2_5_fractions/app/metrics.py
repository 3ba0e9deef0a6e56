# Right answer to 2.4, 2.5: the rank as an exact fraction, rounded up.

import math
import threading
from collections import deque
from fractions import Fraction


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
    share = Fraction(p) / 100
    if share < 0 or share > 1 or Fraction(p).denominator != 1:
        raise ValueError(f"{p} is no whole percent")
    ascending = []
    for x in samples:
        if x != x:
            raise ValueError("NaN")
        ascending.append(x)
    if ascending == []:
        raise ValueError("nothing measured")
    ascending.sort()
    return ascending[max(math.ceil(share * len(ascending)), 1) - 1]
