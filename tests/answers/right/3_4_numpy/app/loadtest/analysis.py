# Right answer to 3.4, 3.5: steps in numpy arrays; figures as numpy's own numbers.

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class LoadSummary:
    requests: int
    rps: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    failure_rate: float


REQUIRED = ["Type", "Name", "Request Count", "Failure Count", "Requests/s", "50%", "95%", "99%"]


def summarize(stats_csv: Path) -> LoadSummary:
    with open(stats_csv, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, restkey="more", restval="")
        table = [row for row in reader if set(REQUIRED) <= set(row)]
    totals = [row for row in table if not row["Type"].strip() and row["Name"] == "Aggregated"]
    if len(totals) != 1:
        raise ValueError("not the statistics of one run")
    total = totals[0]
    n, bad = np.int64(total["Request Count"]), np.int64(total["Failure Count"])
    if n == 0:
        return LoadSummary(0, 0.0, None, None, None, 0.0)
    times = np.array([total[p] for p in ("50%", "95%", "99%")], dtype=float) / 1000
    return LoadSummary(n, np.float64(total["Requests/s"]), times[0], times[1], times[2], bad / n)


@dataclass(frozen=True)
class Step:
    users: int
    rps: float
    p95_s: float
    failure_rate: float


def breaking_point(steps: Sequence[Step], slo_p95_s: float, max_failure_rate: float) -> Step | None:
    if not steps:
        return None
    users, rps, p95, failed = np.array([(s.users, s.rps, s.p95_s, s.failure_rate) for s in steps]).T
    good = (p95 <= slo_p95_s) & (failed <= max_failure_rate)
    if not good.any():
        return None
    ok = good & (rps * 1.05 >= rps[good].max()) & (users < users.max())
    return steps[int(np.where(ok, users, -1).argmax())] if ok.any() else None
