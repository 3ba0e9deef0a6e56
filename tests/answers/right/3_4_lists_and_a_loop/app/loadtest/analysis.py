# Right answer to 3.4, 3.5: lists, indices and plain loops.

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Sequence


@dataclass(frozen=True)
class LoadSummary:
    requests: int
    rps: float
    p50_s: Optional[float]
    p95_s: Optional[float]
    p99_s: Optional[float]
    failure_rate: float


def summarize(stats_csv: Path) -> LoadSummary:
    rows: List[List[str]] = []
    with open(str(stats_csv)) as f:
        for row in csv.reader(f):
            rows.append(row)
    if len(rows) < 2:
        raise ValueError("nothing in it")
    head = rows[0]
    for column in ["Type", "Name", "Request Count", "Failure Count", "Requests/s", "50%", "95%", "99%"]:
        if column not in head:
            raise ValueError("no column " + column)
    last = rows[-1]
    if last[head.index("Type")] != "" or last[head.index("Name")] != "Aggregated":
        raise ValueError("the last row is not that of all requests")
    count = int(last[head.index("Request Count")])
    failed = int(last[head.index("Failure Count")])
    times = []
    for column in ["50%", "95%", "99%"]:
        text = last[head.index(column)]
        if count == 0:
            times.append(None)
        else:
            times.append(int(text) * 0.001)
    rate = 0.0
    if count > 0:
        rate = failed / count
    return LoadSummary(count, float(last[head.index("Requests/s")]), times[0], times[1], times[2], rate)


@dataclass(frozen=True)
class Step:
    users: int
    rps: float
    p95_s: float
    failure_rate: float


def breaking_point(steps: Sequence[Step], slo_p95_s: float, max_failure_rate: float) -> Optional[Step]:
    ordered = sorted(steps, key=lambda s: s.users)
    for i in range(len(ordered) - 2, -1, -1):
        step = ordered[i]
        if step.p95_s > slo_p95_s or step.failure_rate > max_failure_rate:
            continue
        beaten = False
        for other in ordered:
            if other.p95_s <= slo_p95_s and other.failure_rate <= max_failure_rate and (other.rps - step.rps) / step.rps > 0.05:
                beaten = True
        if not beaten:
            return step
    return None
