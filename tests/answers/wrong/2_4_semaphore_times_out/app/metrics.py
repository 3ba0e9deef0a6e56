# Wrong answer to 2.4: a semaphore is waited for half a second, then it goes on without.
# Rejected by: test_two_threads_that_add_lose_nothing
# Because: window\.total_count returned 1
# Because: waited for until it is free

import math
import threading
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError(f"a window keeps at least one sample, not {capacity}")
        self._samples = deque(maxlen=capacity)
        self._count, self._seconds = 0, 0.0
        self._free = threading.BoundedSemaphore()

    def __len__(self):
        return len(self._samples)

    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError(f"no latency: {seconds}")
        got = self._free.acquire(timeout=0.5)  # a request shall not hang for its statistics
        try:
            self._samples.append(seconds)
            self._count += 1
            self._seconds += seconds
        finally:
            if got:
                self._free.release()

    def snapshot(self):
        with self._free:
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
