# Right answer to 2.4, 2.5: a linked list.

import math
import threading

class Node:
    __slots__ = ("next", "value")
    def __init__(self, value):
        self.value, self.next = value, None

class LatencyWindow:
    __slots__ = ("_capacity", "_c", "_first", "_last", "_lock", "_n", "_size", "_sum")
    def __init__(self, capacity):
        if not isinstance(capacity, int) or not capacity >= 1:
            raise ValueError("capacity")
        self._capacity, self._first, self._last, self._size, self._n, self._sum, self._c = capacity, None, None, 0, 0, 0.0, 0.0
        self._lock = threading.Lock()
    def add(self, seconds):
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError("seconds")
        node = Node(seconds)
        with self._lock:
            if self._last is None:
                self._first = node
            else:
                self._last.next = node
            self._last = node
            if self._size == self._capacity:
                self._first = self._first.next
            else:
                self._size += 1
            self._n += 1
            y = seconds - self._c
            t = self._sum + y
            self._c = (t - self._sum) - y
            self._sum = t
    def __len__(self):
        return self._size
    def snapshot(self):
        with self._lock:
            node, found = self._first, []
            while node is not None:
                found.append(node.value)
                node = node.next
            return found
    @property
    def total_count(self):
        return self._n
    @property
    def total_seconds(self):
        return self._sum


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
