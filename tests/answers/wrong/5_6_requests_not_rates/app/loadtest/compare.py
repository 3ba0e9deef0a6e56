# Wrong answer to 5.6: the requests of both runs, not the requests per second: the runs don't last equally long.
# Rejected by: test_both_runs_are_compared
# Because: throughput_kept
"""The same load on several services: on the three ways to wait, and on one that may use less of the CPU."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from app.loadtest.analysis import LoadSummary, summarize
from app.loadtest.run import run

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
    # One after the other: at the same time they would measure each other. The broken one comes last, as requests whose users
    # have long gone go on holding its event loop, and whatever ran next would wait for them.
    summaries = {name: summarize(run(host, user_class, users, users, seconds)) for name, user_class in USERS.items()}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "comparison.md").write_text(_table(summaries), encoding="utf-8")
        with matplotlib.rc_context({"svg.fonttype": "none"}):  # text that can be searched and read aloud, not drawn letters
            _plot(summaries).savefig(folder / "comparison.svg")
    return list(summaries.values())


def compare_limit(free: str, limited: str, users: int = 40, seconds: float = 6.0) -> Limited:
    """Loads the hosts ``free`` and then ``limited``, each with ``users`` of AsyncUser, who come all at once, for ``seconds``.

    Raises ``ValueError`` when one of them answered no request, or a request failed: what is compared then is no longer the same work.
    What `run` raises is not held back.
    """
    summaries = []
    for name, host in (("free", free), ("limited", limited)):
        # One after the other: both are on this machine, and at the same time each would take the CPUs that the other is said to have.
        summary = summarize(run(host, USERS["async"], users, users, seconds))
        # A refusal costs no work, so a service that fails is quick: its figures would say that the limit does it good.
        if not summary.requests:
            raise ValueError(f"the {name} one, {host}, answered no request in {seconds:g} s")
        if summary.failure_rate:
            raise ValueError(f"of the requests to the {name} one, {host}, {summary.failure_rate:.1%} failed")
        summaries.append(summary)
    one, other = summaries
    return Limited(one, other, throughput_kept=other.requests / one.requests, p95_factor=other.p95_s / one.p95_s)


def _table(summaries: Mapping[str, LoadSummary]) -> str:
    columns = [field.name for field in fields(LoadSummary)]
    lines = [["endpoint", *columns], ["---", *("---:" for _ in columns)]]
    lines += [[name, *map(_cell, asdict(summary).values())] for name, summary in summaries.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: float | None) -> str:
    # No time isn't a time of 0.
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.4g}"


def _plot(summaries: Mapping[str, LoadSummary]) -> Figure:
    # A Figure of its own, without pyplot: that keeps every figure until it is closed, and looks for a screen.
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(list(summaries), [summary.rps for summary in summaries.values()])
    axes.bar_label(bars, fmt="{:.4g}")  # a bar of 2 beside one of 200 can't be read off
    axes.set_xlabel("endpoint")
    axes.set_ylabel("throughput (requests per second)")
    axes.set_ylim(bottom=0)  # bars compare by their length only when they begin at 0
    return figure
