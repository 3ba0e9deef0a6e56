# Wrong answer to 2.4: all windows have the same list, a default argument.
# Rejected by: test_every_small_window_is_right
# Because: window\.snapshot\(\) returned \[0\.25, 0\.0\]

import math
import threading


class LatencyWindow:
    def __init__(self, capacity, samples=[]):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.samples = samples
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
            del self.samples[:-self.capacity]
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        with self.lock:
            return list(self.samples)


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
