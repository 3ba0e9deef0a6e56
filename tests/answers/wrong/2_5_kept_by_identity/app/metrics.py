# Wrong answer to 2.5: what was sorted is kept by the id of the list.
# Rejected by: test_the_answer_is_of_these_samples
# Because: percentile\(samples, 50\) returned 0\.2 Expected 0\.8\. Is something kept between calls

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


KEPT = {}


def percentile(samples, p):
    if id(samples) not in KEPT:
        KEPT.clear()
        KEPT[id(samples)] = (samples, sorted(samples))
    values = KEPT[id(samples)][1]
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    n = len(values)
    return values[max(1, -(-p * n // 100)) - 1]
