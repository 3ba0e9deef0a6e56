# Wrong answer to 2.4: everything takes the lock but len(), which for a moment sees one more than the capacity.
# Rejected by: test_a_sample_comes_whole
# Because: len\(window\) returned 4 Expected 3, as before and after it

import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError(f"a window keeps at least one sample, not {capacity}")
        self.capacity = capacity
        self._samples = []
        self._count, self._seconds = 0, 0.0
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._samples)  # len() of a list is one step

    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError(f"no latency: {seconds}")
        with self._lock:
            self._samples.append(seconds)
            if len(self._samples) > self.capacity:
                del self._samples[0]
            self._count += 1
            self._seconds += seconds

    def snapshot(self):
        with self._lock:
            return self._samples.copy()

    @property
    def total_count(self):
        with self._lock:
            return self._count

    @property
    def total_seconds(self):
        with self._lock:
            return self._seconds


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
