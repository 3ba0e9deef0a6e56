"""The three ways to wait, under the same load: measured, as a table, and as a plot."""

from pathlib import Path

from app.loadtest.analysis import LoadSummary

#: The endpoints' names, in the order in which they are loaded, and their users in locustfile.py.
USERS = {"sync": "SyncUser", "async": "AsyncUser", "broken": "BrokenUser"}


def compare(host: str, users: int = 80, seconds: float = 6.0, folder: Path | None = None) -> list[LoadSummary]:
    """Loads the endpoints of ``host`` one after the other: ``users`` users, who come all at once, for ``seconds`` on each.

    Returns the three summaries, in the order of `USERS`. With a ``folder``, which is made if it isn't there, it also writes
    ``comparison.md``, a table, and ``comparison.svg``, a plot of the throughput. What `run` raises is not held back.
    """
    # TODO 3.6: nobody knows how much better async is than sync, and by what.
    # Goal: three fair runs, and their figures where a colleague can read them.
    # Tool: run() and summarize(); Markdown; matplotlib (Figure, bar, bar_label, savefig).
    raise NotImplementedError("3.6: compare() measures nothing yet")
