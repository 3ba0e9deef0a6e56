# Wrong answer to 2.4: a ring whose place is read, used and set without a lock.
# Rejected by: test_two_threads_that_add_lose_nothing
# Because: window\.snapshot\(\) returned \[0\.25, 0\.0\].*came in at app/metrics\.py:\d+

import itertools
import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.ring = [0.0] * capacity
        self.counted = itertools.count(1)
        self.total_count = 0
        self.next = 0
        self.lock = threading.Lock()
        self.total_seconds = 0.0

    def __len__(self):
        return min(self.total_count, self.capacity)

    def add(self, seconds):
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError("not a latency")
        place = self.next
        self.ring[place] = seconds
        self.next = (place + 1) % self.capacity
        with self.lock:
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        with self.lock:
            if self.total_count < self.capacity:
                return self.ring[:self.total_count]
            return self.ring[self.next:] + self.ring[:self.next]


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
