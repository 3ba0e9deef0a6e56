# Wrong answer to 2.4: a ring is shown from one place too far on.
# Rejected by: test_the_last_three_of_five_are_kept
# Because: window\.snapshot\(\) returned \[0\.2, 0\.3, 0\.4\]

import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if capacity < 1 or capacity != int(capacity):
            raise ValueError("capacity")
        self.ring = [0.0] * capacity
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
            if self.total_count <= len(self.ring):
                return self.ring[:self.total_count]
            oldest = (self.total_count + 1) % len(self.ring)
            return self.ring[oldest:] + self.ring[:oldest]


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
