"""What is kept of the requests' latencies, and the one number that sums them up."""

from collections.abc import Iterable


class LatencyWindow:
    """The last ``capacity`` latencies, in seconds, and the totals of all that were ever added.

    Safe to add to and to read from several threads at once. Raises ``ValueError`` for a capacity
    that is not a whole number of at least 1.
    """

    # TODO 2.4: whatever is measured is forgotten at once.
    # Goal: the newest `capacity` samples are kept, oldest first, in memory that doesn't grow; the
    # totals go on counting what has been dropped; two threads at once lose nothing.
    # Tool: collections.deque has a maxlen; threading.Lock makes several steps one.

    def __init__(self, capacity: int) -> None:
        raise NotImplementedError("2.4: a LatencyWindow keeps nothing yet")

    def __len__(self) -> int:
        raise NotImplementedError("2.4: a LatencyWindow doesn't know how many samples it keeps")

    def add(self, seconds: float) -> None:
        """Keeps one more latency; when the window is full, the oldest goes.

        Raises ``ValueError`` for one that is negative, infinite or NaN; then nothing changes.
        """
        raise NotImplementedError("2.4: add() keeps nothing yet")

    def snapshot(self) -> list[float]:
        """A copy of the latencies that are kept, the oldest first."""
        raise NotImplementedError("2.4: snapshot() shows nothing yet")

    @property
    def total_count(self) -> int:
        """How many latencies were ever added, those that were dropped included."""
        raise NotImplementedError("2.4: nothing counts the samples yet")

    @property
    def total_seconds(self) -> float:
        """The sum of all latencies that were ever added, those that were dropped included."""
        raise NotImplementedError("2.4: nothing sums the samples up yet")


def percentile(samples: Iterable[float], p: int) -> float:
    """The ``p``-th percentile by nearest rank: the smallest sample that at least ``p`` % of the samples do not exceed.

    ``p`` is a whole number from 0 to 100 (95, not 0.95); for 0 it is the smallest sample.
    ``samples`` may be any iterable of floats, in any order, and is never modified. Raises ``ValueError``
    for no samples, for a ``p`` that is out of range or not whole, and for a NaN among the samples.
    """
    # TODO 2.5: no number says yet how long the slow requests take.
    # Goal: the sample of rank ⌈p·n/100⌉ in ascending order, counted from 1; rank 1 for p = 0.
    # Tool: sorted(), and whole numbers all the way: 0.07 * 100 is more than 7 in floating point.
    raise NotImplementedError("2.5: percentile() computes nothing yet")
