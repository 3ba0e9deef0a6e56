# Right answer to 2.4, 2.5: a deque that counts.

import math
import threading
from collections import deque
from collections.abc import Iterable


class LatencyWindow(deque):
    def __init__(self, capacity):
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError(capacity)
        super().__init__(maxlen=capacity)
        self.total_count = 0
        self.total_seconds = 0.0
        self._lock = threading.Lock()

    def add(self, seconds):
        if not (math.isfinite(seconds) and seconds >= 0):
            raise ValueError(seconds)
        with self._lock:
            self.append(seconds)
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self):
        with self._lock:
            return list(self)


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
