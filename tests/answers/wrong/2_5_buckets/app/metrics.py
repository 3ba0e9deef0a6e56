# Wrong answer to 2.5: counted in the buckets of a histogram, as Prometheus' histogram_quantile does.
# Rejected by: test_known_latencies_have_known_percentiles
# Because: percentile\(samples, 50\) returned 0\.01789.* That is none of the samples\.

import math
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
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    n = len(values)
    bounds = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
    below, lower = 0, 0.0
    for upper in bounds:
        inside = sum(lower < x <= upper for x in values)
        if inside and below + inside >= p / 100 * n:
            return lower + (upper - lower) * (p / 100 * n - below) / inside
        below, lower = below + inside, upper
    return bounds[-1]
