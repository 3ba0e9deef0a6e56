# Right answer to 3.6: a class that collects, lines with markers on a logarithmic axis, generators of text.

import dataclasses
import itertools
import os
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

import app.loadtest.analysis
import app.loadtest.run
from app.loadtest.analysis import LoadSummary


class Report:
    def __init__(self, host, users, seconds):
        self.arguments = users, users, seconds
        self.host = host
        self.measured: dict[str, LoadSummary] = {}

    def measure(self, *names):
        for name in names:
            csv = app.loadtest.run.run(self.host, name.capitalize() + "User", *self.arguments)
            self.measured[name] = app.loadtest.analysis.summarize(csv)
        return self

    def lines(self):
        names = [f.name.upper() for f in dataclasses.fields(LoadSummary)]
        yield "|".join(["", "endpoint", *names, ""])
        yield "|".join(["", *itertools.repeat("-", 1 + len(names)), ""])
        for name, summary in self.measured.items():
            yield "|".join(["", name, *(f"{v:.3f}" if isinstance(v, float) else str(v) for v in dataclasses.astuple(summary)), ""])

    def figure(self):
        fig = Figure()
        FigureCanvasSVG(fig)
        ax = fig.add_subplot()
        rps = np.array([s.rps for s in self.measured.values()])
        ax.plot(np.arange(3), np.maximum(rps, 0.1), "o-")
        ax.set_yscale("log")
        ax.set_xticks(np.arange(3), [f"/predict/{n}" for n in self.measured])
        ax.set(title="Three ways to wait", ylabel="throughput [requests/second]", xlabel="endpoint")
        for x, y in enumerate(rps):
            ax.annotate(f"{y:.3g}", (x, max(y, 0.1)), textcoords="offset points", xytext=(5, 5))
        return fig


def compare(host: str, users: int = 80, seconds: float = 6.0, folder: Path | None = None) -> list[LoadSummary]:
    report = Report(host, users, seconds).measure("sync", "async", "broken")
    if folder is not None:
        os.makedirs(folder, exist_ok=True)
        Path(folder, "comparison.md").write_text("\n".join(report.lines()))
        with mpl.rc_context({"svg.fonttype": "none"}):
            report.figure().savefig(Path(folder, "comparison.svg"), bbox_inches="tight")
    return list(report.measured.values())
