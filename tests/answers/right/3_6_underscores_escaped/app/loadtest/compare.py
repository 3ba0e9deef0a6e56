# Right answer to 3.6: underscores of names are escaped, as they mean emphasis in Markdown.

from collections.abc import Mapping
from dataclasses import asdict, fields
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
    columns = [field.name.replace("_", "\\_") for field in fields(LoadSummary)]
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
