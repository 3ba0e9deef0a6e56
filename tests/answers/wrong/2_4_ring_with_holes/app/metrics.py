# Wrong answer to 2.4: places of a ring that are still empty are shown as None.
# Rejected by: test_a_window_begins_empty
# Because: window\.snapshot\(\) returned \[None, None, None\]

import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if capacity < 1 or capacity != int(capacity):
            raise ValueError("capacity")
        self.ring = [None] * capacity
        self.total_count = 0
        self.total_seconds = 0.0
        self.lock = threading.Lock()

    def __len__(self):
        return min(self.total_count, len(self.ring))

    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError("sample")
        with self.lock:
            self.ring[self.total_count % len(self.ring)] = seconds
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        with self.lock:
            oldest = self.total_count % len(self.ring)
            return self.ring[oldest:] + self.ring[:oldest]


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
