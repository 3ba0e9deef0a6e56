"""What a load test says: the figures of one run, and the step of a growing load at which the service breaks."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Throughput that is more by at most this part of it is no more: two measurements of the same thing differ as much.
TOLERANCE = 0.05


@dataclass(frozen=True)
class LoadSummary:
    """One run, all of its requests together; times in seconds.

    ``requests``: how many there were, those that failed among them. ``rps``: requests per second. ``p50_s``, ``p95_s``, ``p99_s``: percentiles
    of their times, None when there were no requests. ``failure_rate``: the part of them that failed, from 0 to 1; 0 when there were none.
    """

    requests: int
    rps: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    failure_rate: float


def summarize(stats_csv: Path) -> LoadSummary:
    """The summary of the run whose statistics Locust wrote into the file ``stats_csv`` (``…_stats.csv``).

    Raises ``ValueError`` when the file is no such CSV, or lacks the row of all requests together; ``FileNotFoundError`` when there is no file.
    """
    # csv, and not split(): a name may hold commas, quotation marks and line breaks, and newline="" leaves these to csv.
    with stats_csv.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = _COLUMNS - set(rows.fieldnames or ())
        if missing:
            raise ValueError(f"{stats_csv} has no column {', '.join(sorted(missing))}: these are not the statistics of a run")
        # The row of all requests has no type. A request that somebody named "Aggregated" has one, such as POST.
        total = next((row for row in rows if not row["Type"] and row["Name"] == "Aggregated"), None)
    if total is None or None in total.values():  # a row that was cut off has None for what it lacks, and half a number before that
        # The other rows can't replace it: their percentiles have no sum and no mean that would be a percentile of all.
        raise ValueError(f"{stats_csv} has no row for all requests: it was not written to its end")
    requests = int(total["Request Count"])
    return LoadSummary(
        requests=requests,
        rps=float(total["Requests/s"]),
        p50_s=_seconds(total["50%"]),
        p95_s=_seconds(total["95%"]),
        p99_s=_seconds(total["99%"]),
        # A request that failed is a request: it stands in the denominator too.
        failure_rate=int(total["Failure Count"]) / requests if requests else 0.0,
    )


_COLUMNS = {"Type", "Name", "Request Count", "Failure Count", "Requests/s", "50%", "95%", "99%"}


def _seconds(milliseconds: str) -> float | None:
    # "0" is a time like any other; "N/A" is none.
    return None if milliseconds == "N/A" else float(milliseconds) / 1000


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
