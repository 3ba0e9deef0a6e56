# Right answer to 2.4, 2.5: a decorator takes the lock, and the samples lie in an array that goes round.

import functools
import math
import threading
from array import array
from collections.abc import Iterable


def synchronized(method):
    @functools.wraps(method)
    def locked(self, *args, **kwargs):
        with self._lock:
            return method(self, *args, **kwargs)
    return locked


class LatencyWindow:
    def __init__(self, capacity):
        if capacity < 1 or capacity % 1:
            raise ValueError(capacity)
        self._lock = threading.RLock()
        self._ring = array("d", bytes(8 * int(capacity)))
        self._count = 0
        self._seconds = 0.0

    @synchronized
    def __len__(self):
        return min(self._count, len(self._ring))

    @synchronized
    def add(self, seconds):
        seconds = float(seconds)
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(seconds)
        self._ring[self._count % len(self._ring)] = seconds
        self._count += 1
        self._seconds += seconds
        return self._count

    @synchronized
    def snapshot(self):
        n = len(self)
        return [self._ring[i % len(self._ring)] for i in range(self._count - n, self._count)]

    @property
    @synchronized
    def total_count(self):
        return self._count

    @property
    @synchronized
    def total_seconds(self):
        return self._seconds


def percentile(samples: Iterable[float], p: int) -> float:
    """The ``p``-th percentile by nearest rank: the smallest sample that at least ``p`` % of the samples do not exceed.

    ``p`` is a whole number from 0 to 100 (95, not 0.95); for 0 it is the smallest sample.
    ``samples`` may be any iterable of floats, in any order, and is never modified. Raises ``ValueError``
    for no samples, for a ``p`` that is out of range or not whole, and for a NaN among the samples.
    """
    if not isinstance(p, int) or not 0 <= p <= 100:
        raise ValueError(f"p is a whole number from 0 to 100, not {p}")
    ascending = sorted(samples)  # a new list: whoever lent the samples keeps them as they were
    if not ascending:
        raise ValueError("no samples have no percentile")
    # A NaN is neither smaller nor larger than anything, so it leaves the list in no order at all.
    if any(map(math.isnan, ascending)):
        raise ValueError("a NaN has no rank")
    # Rounded up, in whole numbers: // rounds down, and the two minus signs turn that around.
    # In floating point, 0.07 * 100 is 7.000000000000001, which would round up to 8.
    rank = max(1, -(-p * len(ascending) // 100))
    return ascending[rank - 1]
