# Right answer to 2.4, 2.5: numbered samples in a dict, the lowest number goes; a lock that is tried until it is free.

import math
import threading
import time
from collections import OrderedDict


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity <= 0:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self.samples = OrderedDict()
        self.total_count = 0
        self.total_seconds = 0.0
        self.lock = threading.Lock()

    def _enter(self):
        while not self.lock.acquire(blocking=False):
            time.sleep(0.0001)

    def __len__(self):
        self._enter()
        try:
            return len(self.samples)
        finally:
            self.lock.release()

    def add(self, seconds):
        if not (seconds >= 0 and math.isfinite(seconds)):
            raise ValueError("a latency is not negative, and finite")
        self._enter()
        try:
            self.samples[self.total_count] = float(seconds)
            if len(self.samples) > self.capacity:
                self.samples.popitem(last=False)
            self.total_count += 1
            self.total_seconds += seconds
        finally:
            self.lock.release()

    def snapshot(self):
        self._enter()
        try:
            return [seconds for _, seconds in self.samples.items()]
        finally:
            self.lock.release()


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
