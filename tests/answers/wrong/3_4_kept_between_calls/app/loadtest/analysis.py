# Wrong answer to 3.4: the first file's figures are kept, as the name is the same.
# Rejected by: test_a_file_is_read_each_time
# Because: called twice for one path

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


_KEPT: dict[str, LoadSummary] = {}


def summarize(stats_csv: Path) -> LoadSummary:
    if stats_csv.parent.name in _KEPT:
        return _KEPT[stats_csv.parent.name]
    with open(stats_csv, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    total = None
    for row in rows:
        if row.get("Type") == "" and row.get("Name") == "Aggregated":
            total = row
    if total is None or "Request Count" not in total or "99%" not in total:
        raise ValueError(f"{stats_csv}: no statistics of Locust's")
    requests = int(total["Request Count"])
    failures = int(total["Failure Count"])
    _KEPT[stats_csv.parent.name] = summary = LoadSummary(
        requests,
        float(total["Requests/s"]),
        seconds(total["50%"]),
        seconds(total["95%"]),
        seconds(total["99%"]),
        failures / requests if requests else 0.0,
    )
    return summary


def seconds(text: str) -> float | None:
    return None if text == "N/A" else float(text) / 1000


@dataclass(frozen=True)
class Step:
    """One step of a load that grows: how many users there were, and what was measured while they were there."""

    users: int
    rps: float
    p95_s: float
    failure_rate: float


def breaking_point(steps: Sequence[Step], slo_p95_s: float, max_failure_rate: float) -> Step | None:
    """The last step that still met the objective, and after which more users brought no more throughput; None when there is none.

    A step meets the objective when its p95 is at most ``slo_p95_s`` and its failure rate at most ``max_failure_rate``. Of these steps
    it is the one with the most users of which both is true:

    - no other step that met the objective has a throughput that is more than `TOLERANCE` above its own;
    - there is a step with more users. What came after the last one nobody has seen.

    The steps may come in any order, no two of them have the same number of users, and they are left as they are.
    """
    good = [step for step in steps if step.p95_s <= slo_p95_s and step.failure_rate <= max_failure_rate]
    if not good:
        return None
    # Throughput that breaks the objective doesn't count: it isn't in `good`, so it can't be the most.
    most = max(step.rps for step in good)
    # By users and not by position. The last of all can't be it: nobody has seen what more users would have brought.
    largest = max(step.users for step in steps)
    reached = [step for step in good if most <= step.rps * (1 + TOLERANCE) and step.users < largest]
    return max(reached, key=lambda step: step.users, default=None)
