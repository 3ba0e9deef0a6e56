# Wrong answer to 2.4: a ring is read in two halves without the lock.
# Rejected by: test_a_reader_is_not_disturbed
# Because: window\.snapshot\(\) returned \[0\.125, 0\.25, 0\.75\].*came in at app/metrics\.py:\d+

import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.ring = []
        self.total_count = 0
        self.total_seconds = 0.0
        self.lock = threading.Lock()

    def __len__(self):
        return len(self.ring)

    def add(self, seconds):
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("not a latency")
        with self.lock:
            if len(self.ring) < self.capacity:
                self.ring.append(seconds)
            else:
                self.ring[self.total_count % self.capacity] = seconds
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        oldest = self.total_count % len(self.ring) if self.ring else 0
        return self.ring[oldest:] + self.ring[:oldest]


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
