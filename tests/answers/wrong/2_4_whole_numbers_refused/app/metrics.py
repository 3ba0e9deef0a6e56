# Wrong answer to 2.4: a whole number of seconds is refused, as it is no float.
# Rejected by: test_any_finite_time_is_a_sample
# Because: add\(0\)

"""What is kept of the requests' latencies, and the one number that sums them up."""

import math
import threading
from collections import deque
from collections.abc import Iterable


class LatencyWindow:
    """The last ``capacity`` latencies, in seconds, and the totals of all that were ever added.

    Safe to add to and to read from several threads at once. Raises ``ValueError`` for a capacity
    that is not a whole number of at least 1.
    """

    def __init__(self, capacity: int) -> None:
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError(f"a window keeps at least one sample, not {capacity}")
        # A deque of limited length drops the oldest by itself: adding takes the same short time
        # whether it holds ten samples or a million, and memory doesn't grow.
        self._samples: deque[float] = deque(maxlen=capacity)
        self._count = 0
        self._seconds = 0.0
        # Endpoints written with `def` run on many threads, and `+=` is three steps: read, add,
        # write. A thread that comes between them loses the other's sample.
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, seconds: float) -> None:
        """Keeps one more latency; when the window is full, the oldest goes.

        Raises ``ValueError`` for one that is negative, infinite or NaN; then nothing changes.
        """
        # Before anything is changed: one NaN would make the sum a NaN for as long as the service
        # lives, and an infinity would do nearly the same.
        if not isinstance(seconds, float) or not 0 <= seconds < math.inf:
            raise ValueError(f"a latency is a finite number of seconds, 0 or more, not {seconds}")
        with self._lock:
            self._samples.append(seconds)
            self._count += 1
            self._seconds += seconds

    def snapshot(self) -> list[float]:
        """A copy of the latencies that are kept, the oldest first."""
        with self._lock:
            return list(self._samples)

    @property
    def total_count(self) -> int:
        """How many latencies were ever added, those that were dropped included."""
        return self._count

    @property
    def total_seconds(self) -> float:
        """The sum of all latencies that were ever added, those that were dropped included."""
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
