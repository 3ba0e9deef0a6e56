# Wrong answer to 3.4: whether it is such a table is seen by the name of the file: one of another name is refused, and a page of HTML of the right name is a KeyError.
# Rejected by: test_another_file_is_an_error
# Because: of the name \d_stats\.csv, which begins with
# Because: KeyError|returned

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TOLERANCE = 0.05


@dataclass(frozen=True)
class LoadSummary:
    requests: int
    rps: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    failure_rate: float


def _seconds(text):
    return None if text == "N/A" else float(text) / 1000


def summarize(stats_csv: Path) -> LoadSummary:
    with stats_csv.open(newline="", encoding="utf-8") as file:
        if not stats_csv.name.endswith("_stats.csv"):
            raise ValueError(f"{stats_csv.name} is not Locust's file of statistics")
        totals = [row for row in csv.DictReader(file) if not row["Type"] and row["Name"] == "Aggregated"]
    if not totals:
        raise ValueError(f"{stats_csv.name} has no row of all requests")
    total = totals[-1]
    requests = int(total["Request Count"])
    return LoadSummary(
        requests, float(total["Requests/s"]), _seconds(total["50%"]), _seconds(total["95%"]), _seconds(total["99%"]),
        int(total["Failure Count"]) / requests if requests else 0.0,
    )



@dataclass(frozen=True)
class Step:
    users: int
    rps: float
    p95_s: float
    failure_rate: float


def breaking_point(steps: Sequence[Step], slo_p95_s: float, max_failure_rate: float) -> Step | None:
    good = [step for step in steps if step.p95_s <= slo_p95_s and step.failure_rate <= max_failure_rate]
    if not good:
        return None
    most = max(step.rps for step in good)
    largest = max(step.users for step in steps)
    reached = [step for step in good if most <= step.rps * (1 + TOLERANCE) and step.users < largest]
    return max(reached, key=lambda step: step.users, default=None)
