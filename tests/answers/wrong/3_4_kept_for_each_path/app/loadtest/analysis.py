# Wrong answer to 3.4: the summary of a path is kept, also when another run has been written there meanwhile.
# Rejected by: test_a_file_is_read_each_time
# Because: another run had been written there between the calls

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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


COLUMNS = {"Type", "Name", "Request Count", "Failure Count", "Requests/s", "50%", "95%", "99%"}


def _seconds(text):
    return None if text == "N/A" else float(text) / 1000


@lru_cache(maxsize=None)
def summarize(stats_csv: Path) -> LoadSummary:
    with stats_csv.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not COLUMNS <= set(rows.fieldnames or ()):
            raise ValueError(f"{stats_csv.name}: these are not the statistics of a run")
        total = next((row for row in rows if not row["Type"] and row["Name"] == "Aggregated"), None)
    if total is None:
        raise ValueError(f"{stats_csv.name} has no row of all requests")
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
