# Right answer to 3.4, 3.5: counts and rates are added up from the endpoints; only the percentiles come from the row of all.

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LoadSummary:
    requests: int
    rps: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    failure_rate: float


class NotStatistics(ValueError):
    """A file of something else."""


def summarize(stats_csv: Path) -> LoadSummary:
    text = stats_csv.read_bytes().decode("utf-8", "replace")
    try:
        rows = [
            (row["Type"], row["Name"], int(row["Request Count"]), int(row["Failure Count"]), float(row["Requests/s"]),
             [row["50%"], row["95%"], row["99%"]])
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]
        (_, _, _, _, _, times), = [row for row in rows if (row[0], row[1]) == ("", "Aggregated")]
    except (KeyError, TypeError, ValueError) as error:
        raise NotStatistics(f"{stats_csv.name}: {error}") from error
    parts = [row for row in rows if row[0]]
    requests, failures = sum(row[2] for row in parts), sum(row[3] for row in parts)
    p50, p95, p99 = (float(time) / 1e3 if time.replace(".", "").isdigit() else None for time in times)
    return LoadSummary(requests, sum(row[4] for row in parts), p50, p95, p99, failures / max(requests, 1))


@dataclass(frozen=True, slots=True)
class Step:
    users: int
    rps: float
    p95_s: float
    failure_rate: float

    def meets(self, slo_p95_s: float, max_failure_rate: float) -> bool:
        return not (self.p95_s > slo_p95_s or self.failure_rate > max_failure_rate)


def breaking_point(steps: Sequence[Step], slo_p95_s: float, max_failure_rate: float) -> Step | None:
    by_users = {step.users: step for step in steps}
    good = {users: step for users, step in by_users.items() if step.meets(slo_p95_s, max_failure_rate)}
    best = max((step.rps for step in good.values()), default=0.0)
    candidates = [users for users, step in good.items() if step.rps >= best / 1.05 and users != max(by_users)]
    return by_users[max(candidates)] if candidates else None
