# Right answer to 2.4, 2.5: a heap from which the smaller ones are taken.

import heapq
import math
import threading
from collections import deque


class LatencyWindow:
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.samples = deque(maxlen=capacity)
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
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        with self.lock:
            return list(self.samples)


def percentile(samples, p):
    if p not in range(101):
        raise ValueError("p")
    heap = list(samples)
    if not heap or not all(x == x for x in heap):
        raise ValueError("samples")
    goal = p * len(heap)
    heapq.heapify(heap)
    taken, value = 0, heap[0]
    while taken * 100 < goal:
        value = heapq.heappop(heap)
        taken += 1
    return value
