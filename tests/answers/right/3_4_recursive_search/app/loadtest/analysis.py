# Right answer to 3.4, 3.5: a file that is read backwards, and steps that are taken off from above until one holds.

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path


@dataclass(frozen=True)
class LoadSummary:
    requests: int
    rps: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    failure_rate: float


def summarize(stats_csv: Path) -> LoadSummary:
    with stats_csv.open(encoding="utf-8", newline="") as file:
        match list(csv.DictReader(file)):
            case [*_, {"Type": "", "Name": "Aggregated", "Request Count": requests, "Failure Count": failures, "Failures/s": fails, "Requests/s": rps,
                       "50%": p50, "95%": p95, "99%": p99}]:
                times = [None if time == "N/A" else int(time) / 1000.0 for time in (p50, p95, p99)]
                rate = float(fails) / float(rps) if float(rps) else 0.0
                return LoadSummary(int(requests), float(rps), *times, failure_rate=rate)
            case _:
                raise ValueError(f"no statistics in {stats_csv}")


@dataclass(frozen=True)
class Step:
    users: int
    rps: float
    p95_s: float
    failure_rate: float


def breaking_point(steps: Sequence[Step], slo_p95_s: float, max_failure_rate: float) -> Step | None:
    def met(step: Step) -> bool:
        return step.p95_s <= slo_p95_s and step.failure_rate <= max_failure_rate

    *tried, _last = sorted(steps, key=attrgetter("users")) or [None]
    while tried:
        step = tried.pop()
        if met(step) and all(other.rps <= step.rps + 0.05 * step.rps for other in steps if met(other)):
            return step
    return None
