# Right answer to 2.4, 2.5: several readers or one writer, by a Condition.

import math
import threading
from contextlib import contextmanager

class ReadWriteLock:
    def __init__(self):
        self._condition = threading.Condition()
        self._readers = 0
    @contextmanager
    def read(self):
        with self._condition:
            self._readers += 1
        try:
            yield
        finally:
            with self._condition:
                self._readers -= 1
                self._condition.notify_all()
    @contextmanager
    def write(self):
        with self._condition:
            self._condition.wait_for(lambda: not self._readers)
            yield

class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity")
        self._lock = ReadWriteLock()
        self._capacity, self._samples, self._count, self._seconds = capacity, [], 0, 0.0
    def __len__(self):
        with self._lock.read():
            return len(self._samples)
    def add(self, seconds):
        if not 0 <= seconds < math.inf:
            raise ValueError("seconds")
        with self._lock.write():
            self._samples = self._samples[-self._capacity + 1:] if self._capacity > 1 else []
            self._samples.append(seconds)
            self._count += 1
            self._seconds += seconds
    def snapshot(self):
        with self._lock.read():
            return [x for x in self._samples]
    @property
    def total_count(self):
        with self._lock.read():
            return self._count
    @property
    def total_seconds(self):
        with self._lock.read():
            return self._seconds


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
