# Wrong answer to 2.4: whatever the capacity, no more than a thousand samples are kept.
# Rejected by: test_totals_are_of_all_samples
# Because: window\.snapshot\(\) returned 1000 samples Expected 3000

import math
import threading
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError(f"a window keeps at least one sample, not {capacity}")
        self._samples = deque(maxlen=min(capacity, 1000))  # more are never needed for a p99
        self._count, self._seconds = 0, 0.0
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._samples)

    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError(f"no latency: {seconds}")
        with self._lock:
            self._samples.append(seconds)
            self._count += 1
            self._seconds += seconds

    def snapshot(self):
        with self._lock:
            return list(self._samples)

    @property
    def total_count(self):
        return self._count

    @property
    def total_seconds(self):
        return self._seconds


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
