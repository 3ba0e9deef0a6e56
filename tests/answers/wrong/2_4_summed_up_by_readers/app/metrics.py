# Wrong answer to 2.4: whoever reads a total sums up what was noted, without the lock: of two that read at once one loses what the other counts.
# Rejected by: test_a_reader_is_not_disturbed
# Because: Its window\.total_count returned 5 Expected 6
# Because: came in at app/metrics\.py:\d+: seconds = self\._noted\.popleft

import math
import threading
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError(f"a window keeps at least one sample, not {capacity}")
        self._samples = deque(maxlen=capacity)
        self._noted = deque()  # not in the totals yet
        self._count, self._seconds = 0, 0.0
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._samples)

    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError(f"no latency: {seconds}")
        with self._lock:
            self._samples.append(seconds)
            self._noted.append(seconds)
            if len(self._noted) > 1000:  # when nobody reads
                self._sum_up()

    def _sum_up(self):
        try:
            while True:
                seconds = self._noted.popleft()  # one step, so none is taken twice
                self._count += 1
                self._seconds += seconds
        except IndexError:
            pass

    def snapshot(self):
        with self._lock:
            return list(self._samples)

    @property
    def total_count(self):
        self._sum_up()
        return self._count

    @property
    def total_seconds(self):
        self._sum_up()
        return self._seconds


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
