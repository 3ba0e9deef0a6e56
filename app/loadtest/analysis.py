"""What a load test says: the figures of one run, and the step of a growing load at which the service breaks."""

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
    # TODO 3.4: the statistics lie in a file, and nobody has read them.
    # Goal: the figures of the row that stands for all requests, which is not one of the requests' own rows, whatever these are called.
    # Tool: the csv module; Locust's file of a run of your own, looked at in an editor.
    raise NotImplementedError("3.4: summarize() reads nothing yet")


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
    # TODO 3.5: the load has grown, and nobody says where the service broke.
    # Goal: the step that is described above.
    # Tool: sorted() with a key; read the rule as a condition on one step, and take the last step that meets it.
    raise NotImplementedError("3.5: breaking_point() finds nothing yet")
