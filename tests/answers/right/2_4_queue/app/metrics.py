# Right answer to 2.4, 2.5: a queue.Queue, and its mutex.

import math
import operator
import queue
import threading

class LatencyWindow:
    def __init__(self, capacity):
        try:
            capacity = operator.index(capacity)
        except TypeError as error:
            raise ValueError("capacity must be an integer") from error
        if capacity < 1:
            raise ValueError("capacity must be positive")
        self._queue = queue.Queue(maxsize=capacity)
        self._lock = threading.Lock()
        self.total_count = 0
        self.total_seconds = 0.0
    def __len__(self):
        with self._lock:
            return self._queue.qsize()
    def add(self, seconds):
        if math.isnan(seconds) or math.isinf(seconds) or seconds < 0:
            raise ValueError("seconds")
        with self._lock:
            if self._queue.full():
                self._queue.get_nowait()
            self._queue.put_nowait(seconds)
            self.total_count += 1
            self.total_seconds += seconds
    def snapshot(self):
        with self._lock, self._queue.mutex:
            return list(self._queue.queue)


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
