# Wrong answer to 3.6: what run() said is replaced by a sentence that says nothing.
# Rejected by: test_a_run_that_fails_is_no_result
# Because: one of the runs could not be made
# Because: What Locust said is lost

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from app.loadtest.analysis import LoadSummary, summarize
from app.loadtest.run import run

USERS = {"sync": "SyncUser", "async": "AsyncUser", "broken": "BrokenUser"}


def compare(host: str, users: int = 80, seconds: float = 6.0, folder: Path | None = None) -> list[LoadSummary]:
    try:
        summaries = {name: summarize(run(host, user_class, users, users, seconds)) for name, user_class in USERS.items()}
    except RuntimeError:
        raise RuntimeError("one of the runs could not be made") from None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "comparison.md").write_text(_table(summaries), encoding="utf-8")
        with matplotlib.rc_context({"svg.fonttype": "none"}):
            _plot(summaries).savefig(folder / "comparison.svg")
    return list(summaries.values())


def _table(summaries: Mapping[str, LoadSummary]) -> str:
    columns = [field.name for field in fields(LoadSummary)]
    lines = [["endpoint", *columns], ["---", *("---:" for _ in columns)]]
    lines += [[name, *map(_cell, asdict(summary).values())] for name, summary in summaries.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: float | None) -> str:
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.4g}"


def _plot(summaries: Mapping[str, LoadSummary]) -> Figure:
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(list(summaries), [summary.rps for summary in summaries.values()])
    axes.bar_label(bars, fmt="{:.4g}")
    axes.set_xlabel("endpoint")
    axes.set_ylabel("throughput (requests per second)")
    axes.set_ylim(bottom=0)
    return figure
