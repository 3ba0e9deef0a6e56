"""The same load on several services: on the three ways to wait, and on one that may use less of the CPU."""

from dataclasses import dataclass
from pathlib import Path

from app.loadtest.analysis import LoadSummary

#: The endpoints' names, in the order in which they are loaded, and their users in locustfile.py.
USERS = {"sync": "SyncUser", "async": "AsyncUser", "broken": "BrokenUser"}


@dataclass(frozen=True)
class Limited:
    """The same load on a service that may use all CPUs, and on one that may use a part of them.

    ``throughput_kept``: what part of the requests per second is left, such as 0.4. ``p95_factor``: by how much longer the slowest of twenty
    requests takes, such as 3.0.
    """

    free: LoadSummary
    limited: LoadSummary
    throughput_kept: float
    p95_factor: float


def compare(host: str, users: int = 80, seconds: float = 6.0, folder: Path | None = None) -> list[LoadSummary]:
    """Loads the endpoints of ``host`` one after the other: ``users`` users, who come all at once, for ``seconds`` on each.

    Returns the three summaries, in the order of `USERS`. With a ``folder``, which is made if it isn't there, it also writes
    ``comparison.md``, a table, and ``comparison.svg``, a plot of the throughput. What `run` raises is not held back.
    """
    # TODO 3.6: nobody knows how much better async is than sync, and by what.
    # Goal: three fair runs, and their figures where a colleague can read them.
    # Tool: run() and summarize(); Markdown; matplotlib (Figure, bar, bar_label, savefig).
    raise NotImplementedError("3.6: compare() measures nothing yet")


def compare_limit(free: str, limited: str, users: int = 40, seconds: float = 6.0) -> Limited:
    """Loads the hosts ``free`` and then ``limited``, each with ``users`` of AsyncUser, who come all at once, for ``seconds``.

    Raises ``ValueError`` when one of them answered no request, or a request failed: what is compared then is no longer the same work.
    What `run` raises is not held back.
    """
    # TODO 5.6: somebody has given the container half a CPU, and nobody knows what that costs.
    # Goal: two fair runs, and what is left of the one in the other. No figures for a run in which something failed.
    # Tool: run() and summarize().
    raise NotImplementedError("5.6: compare_limit() measures nothing yet")
