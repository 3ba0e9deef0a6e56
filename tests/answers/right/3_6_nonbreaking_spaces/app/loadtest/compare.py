# Right answer to 3.6: figures and their units are held together by &nbsp;, so that no column breaks between them.

from collections.abc import Mapping
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from app.loadtest.analysis import LoadSummary, summarize
from app.loadtest.run import run

USERS = {"sync": "SyncUser", "async": "AsyncUser", "broken": "BrokenUser"}


def compare(host: str, users: int = 80, seconds: float = 6.0, folder: Path | None = None) -> list[LoadSummary]:
    summaries = {name: summarize(run(host, user_class, users, users, seconds)) for name, user_class in USERS.items()}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "comparison.md").write_text(_table(summaries), encoding="utf-8")
        with matplotlib.rc_context({"svg.fonttype": "none"}):
            _plot(summaries).savefig(folder / "comparison.svg")
    return list(summaries.values())


def _table(summaries: Mapping[str, LoadSummary]) -> str:
    lines = ["| endpoint | requests | rps | p50_s | p95_s | p99_s | failure_rate |", "|---|--:|--:|--:|--:|--:|--:|"]
    for name, s in summaries.items():
        times = [_time(each) for each in (s.p50_s, s.p95_s, s.p99_s)]
        lines.append(f"| {name} | {s.requests} | {s.rps:.2f} | {' | '.join(times)} | {100 * s.failure_rate:.1f}&nbsp;% |")
    return "\n".join(lines) + "\n"


def _time(seconds: float | None) -> str:
    return "none" if seconds is None else f"{1000 * seconds:.0f}&nbsp;ms"


def _plot(summaries: Mapping[str, LoadSummary]) -> Figure:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(list(summaries), [summary.rps for summary in summaries.values()])
    axes.bar_label(bars, fmt="{:.4g}")
    axes.set_xlabel("endpoint")
    axes.set_ylabel("throughput (requests per second)")
    axes.set_ylim(bottom=0)
    return figure
