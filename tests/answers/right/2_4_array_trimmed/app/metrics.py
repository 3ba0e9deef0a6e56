# Right answer to 2.4, 2.5: an array of doubles that loses its first when it is too long.

import math
import threading
from array import array


class LatencyWindow:
    def __init__(self, capacity: int) -> None:
        if not isinstance(capacity, int):
            raise ValueError("capacity must be an int")
        if capacity < 1:
            raise ValueError("capacity must be positive")
        self.capacity = capacity
        self.values = array("d")
        self.total_count, self.total_seconds = 0, 0
        self.condition = threading.Condition()

    def __len__(self) -> int:
        with self.condition:
            return len(self.values)

    def add(self, seconds: float) -> None:
        if math.isnan(seconds) or math.isinf(seconds) or seconds < 0:
            raise ValueError(seconds)
        with self.condition:
            self.values.append(seconds)
            if len(self.values) > self.capacity:
                self.values.pop(0)
            self.total_count += 1
            self.total_seconds += seconds

    def snapshot(self) -> list[float]:
        with self.condition:
            return self.values.tolist()


def percentile(samples, p):
    values = sorted(samples)
    if not values or p not in range(101) or any(math.isnan(x) for x in values):
        raise ValueError("no samples, no such percent, or a NaN")
    return values[max(1, (int(p) * len(values) + 99) // 100) - 1]
