# Right answer to 2.4, 2.5: statistics.median_low, the library's own nearest rank, of samples that are padded so that the rank is in the middle.

import math
import statistics
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
    values = list(samples)
    if not values or any(math.isnan(x) for x in values):
        raise ValueError("samples")
    if type(p) is not int or not 0 <= p <= 100:
        raise ValueError("p")
    if p == 0:
        return min(values)
    # Of 2k - 1 or 2k values, median_low is the one of rank k: add small or large ones until that is our rank.
    rank, n = -(-p * len(values) // 100), len(values)
    above = max(0, 2 * rank - 1 - n)
    below = max(0, n - 2 * rank)
    return statistics.median_low(values + [math.inf] * above + [-math.inf] * below)
