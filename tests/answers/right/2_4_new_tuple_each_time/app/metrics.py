# Right answer to 2.4, 2.5: samples and totals are one tuple, which is replaced as a whole; readers need no lock.

import math
import threading


class LatencyWindow:
    def __init__(self, capacity):
        if type(capacity) is not int or capacity < 1:
            raise ValueError("capacity")
        self._capacity = capacity
        self._state = ((), 0, 0.0)
        self._writing = threading.Lock()

    def __len__(self):
        return len(self._state[0])

    @property
    def total_count(self):
        return self._state[1]

    @property
    def total_seconds(self):
        return self._state[2]

    def add(self, seconds):
        if seconds < 0 or not math.isfinite(seconds):
            raise ValueError("sample")
        with self._writing:
            samples, count, total = self._state
            self._state = ((*samples, seconds)[-self._capacity:], count + 1, total + seconds)

    def snapshot(self):
        return list(self._state[0])


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
