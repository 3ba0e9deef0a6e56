# Right answer to 2.4, 2.5: a list and where the window begins in it; what lies before that is removed 8,192 at a time.

import math
import threading


class LatencyWindow:
    def __init__(self, capacity: int) -> None:
        if not isinstance(capacity, int) or capacity < 1:
            raise ValueError(f"a window keeps at least one sample, not {capacity}")
        self._capacity = capacity
        self._samples: list[float] = []
        self._first = 0
        self._count = 0
        self._seconds = 0.0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._samples) - self._first

    def add(self, seconds: float) -> None:
        if not 0 <= seconds < math.inf:
            raise ValueError(f"no latency: {seconds}")
        with self._lock:
            self._samples.append(seconds)
            if len(self._samples) - self._first > self._capacity:
                self._first += 1
            # Removing from the front moves all others, so it is done seldom: 64 KiB of pointers at a time.
            if self._first == 8192:
                del self._samples[:self._first]
                self._first = 0
            self._count += 1
            self._seconds += seconds

    def snapshot(self) -> list[float]:
        with self._lock:
            return self._samples[self._first:]

    @property
    def total_count(self) -> int:
        with self._lock:
            return self._count

    @property
    def total_seconds(self) -> float:
        with self._lock:
            return self._seconds


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
