"""Pictures of what katas have seen (`dojo.witness`), as SVG to be put into a page: drawn by matplotlib, colored by the page.

The colors in the SVG are the page's CSS variables, so that one picture is right in a light and in a dark page; its texts are texts,
in the page's font. Nothing in it refers to anything outside.
"""

import io
import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dojo.generator import percentile

#: Drawn in these colors, which nothing else has, and then replaced by the page's variables.
INK, PALE, BUSY, BAD, GOOD, MARK = "#010203", "#010204", "#010205", "#010206", "#010207", "#010208"
VARIABLES = {INK: "ink", PALE: "pale", BUSY: "busy", BAD: "bad", GOOD: "good", MARK: "mark"}
#: The percentiles that are marked, each with its line.
MARKS = {50: "-", 95: "--", 99: ":"}

#: Inches of 72 pixels: the narrow ones stand side by side, or fit a phone that is held upright.
WIDTH, NARROW, ROW = 6.4, 4.6, 0.26

_SETTINGS: Any = {
    "svg.fonttype": "none", "text.parse_math": False, "font.size": 10, "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False, "axes.titlesize": 10,
}
_numbers = itertools.count(1)


@contextmanager
def _axes(height: float, width: float = WIDTH) -> Iterator[tuple[Axes, list[str]]]:
    """Axes to draw on; at the end the picture is in the list."""
    drawn: list[str] = []
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        yield axes, drawn
        drawn.append(_as_part_of_a_page(figure))


def _as_part_of_a_page(figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    for color, name in VARIABLES.items():
        svg = svg.replace(color, f"var(--{name})")
    svg = re.sub(r"font: (?:\w+ )*?([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", svg)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    own = f"p{next(_numbers)}-"  # names of parts may occur once in a page
    svg = re.sub(r'\bid="', f'id="{own}', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\1{own}", svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)  # what it shows is said beside it


def timeline(picture: Mapping[str, Any]) -> str:
    """Who waited when, below the event loop's free and held time."""
    rows, held, health = picture["rows"], picture["held"], picture["health"]
    times = [t for row in rows for t in (row["start"], row["end"]) if t is not None]
    times += [t for part in held for t in (part["start"], part["end"])]
    last = max([*times, *[t for t in (health or {}).values() if t is not None]], default=1.0) or 1.0
    labels = ["event loop", *(row["label"] for row in rows), *(["GET /health"] if health else [])]
    with _axes(0.6 + ROW * len(labels), NARROW) as (axes, drawn):
        axes.barh(0, last, color=PALE, height=0.7)
        for part in held:
            axes.barh(0, part["end"] - part["start"], left=part["start"], color=BAD, height=0.7)
        for at, row in enumerate([*rows, *([{"start": health["start"], "end": health["end"]}] if health else [])], 1):
            color = GOOD if health and at == len(labels) - 1 else BUSY
            if row["start"] is None:
                axes.text(0, at, " never reached the code", va="center", fontsize=9)
            elif row["end"] is None:
                axes.plot([row["start"], last], [at, at], linestyle=":", color=BAD, linewidth=2)
                axes.text(last, at, " no answer", va="center", fontsize=9)
            else:
                axes.barh(at, max(row["end"] - row["start"], last / 300), left=row["start"], color=color, height=0.7)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set_xlim(0, last * 1.02)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("seconds since the first request")
    return drawn[0]


def latencies(picture: Mapping[str, Any]) -> str:
    """The distributions of latencies, one below the other, with p50, p95 and p99 marked."""
    series = {name: samples for name, samples in picture["series"].items() if samples}
    last = max((max(samples) for samples in series.values()), default=1.0)
    edges = [last * i / 40 for i in range(41)]
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(WIDTH, 0.5 + 1.35 * max(1, len(series))), layout="constrained")
        for axes, (name, samples) in zip(figure.subplots(max(1, len(series)), sharex=True, squeeze=False)[:, 0], series.items(), strict=False):
            tall, _, _ = axes.hist(samples, bins=edges, color=BUSY)
            for p, style in MARKS.items():
                axes.axvline(percentile(samples, p), color=MARK, linewidth=1.5, linestyle=style)
            axes.set_title(f"{name}: " + ", ".join(f"p{p} {percentile(samples, p) * 1000:.0f} ms" for p in MARKS), loc="left")
            axes.set_ylim(0, max(tall) * 1.1)
            axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.set_ylabel("requests")
        figure.axes[-1].set_xlabel("seconds from a request's coming to its answer")
        return _as_part_of_a_page(figure)


def curve(picture: Mapping[str, Any]) -> str:
    """Throughput and p95 against the number of users, with the breaking point."""
    steps = picture["steps"]
    users = [step["users"] for step in steps]
    with _axes(3.2) as (axes, drawn):
        axes.plot(users, [step["rps"] for step in steps], color=BUSY, marker="o", label="requests per second (left)")
        axes.set_ylim(0, max(step["rps"] for step in steps) * 1.25)
        axes.set_xlabel("users")
        axes.set_ylabel("requests per second")
        other = axes.twinx()
        other.spines["right"].set_visible(True)
        other.plot(users, [step["p95_s"] * 1000 for step in steps], color=MARK, marker="s", linestyle="--", label="p95 (right)")
        other.set_ylim(0, max(step["p95_s"] for step in steps) * 1250)
        other.set_ylabel("p95 in ms")
        if picture.get("breaking_point"):
            axes.axvline(picture["breaking_point"], color=BAD, linestyle=":", linewidth=2)
            axes.text(picture["breaking_point"], axes.get_ylim()[1], " breaking point", va="top", color=BAD)
        lines = [*axes.get_lines()[:1], *other.get_lines()]
        axes.legend(lines, [str(line.get_label()) for line in lines], loc="lower right")
    return drawn[0]


def comparison(picture: Mapping[str, Any]) -> str:
    """The throughput of each, as bars with their figures."""
    rows = picture["rows"]
    with _axes(0.7 + 0.4 * len(rows)) as (axes, drawn):
        drawn_bars = axes.barh([row["name"] for row in rows], [row["rps"] for row in rows], color=BUSY, height=0.6)
        axes.bar_label(drawn_bars, [f"{row['rps']:.0f}/s" + (f", p50 {row['p50_s'] * 1000:.0f} ms" if row["p50_s"] is not None else "")
                                    for row in rows], padding=4)
        axes.set_xlim(0, max([row["rps"] for row in rows] + [1]) * 1.45)
        axes.invert_yaxis()
        axes.set_xlabel("requests per second")
    return drawn[0]


def workers(picture: Mapping[str, Any]) -> str:
    """Against the number of workers: whatever was measured of them, each in a row of its own."""
    rows = picture["rows"]
    known = {"rps": "requests per second", "overlap": "work at the same time", "p95_s": "p95 in s", "rss_bytes": "RSS in MB",
             "pss_bytes": "PSS in MB"}
    chosen = [name for name in known if any(row.get(name) is not None for row in rows)]
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(WIDTH, 0.5 + 1.4 * max(1, len(chosen))), layout="constrained")
        for axes, name in zip(figure.subplots(max(1, len(chosen)), sharex=True, squeeze=False)[:, 0], chosen, strict=False):
            shown = [row for row in rows if row.get(name) is not None]
            values = [row[name] / (1e6 if name.endswith("bytes") else 1) for row in shown]
            bars = axes.bar([str(row["workers"]) for row in shown], values, color=BUSY, width=0.5)
            axes.bar_label(bars, [f"{value:.3g}" for value in values], padding=2)
            axes.set_ylim(0, max(values) * 1.3 or 1)
            axes.set_ylabel(known[name].replace(" in ", "\nin "))
        figure.axes[-1].set_xlabel("workers")
        return _as_part_of_a_page(figure)


DRAWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "timeline": timeline, "latencies": latencies, "curve": curve, "comparison": comparison, "workers": workers,
}


def said(picture: Mapping[str, Any]) -> list[list[str]]:
    """What a picture shows, as the rows of a table, its head first."""
    def seconds(value: float | None) -> str:
        return "never" if value is None else f"{value:.3f} s"

    if picture["kind"] == "timeline":
        rows = [["what", "from", "until"], *([row["label"], seconds(row["start"]), seconds(row["end"])] for row in picture["rows"])]
        rows += [["event loop held", seconds(part["start"]), seconds(part["end"])] for part in picture["held"]]
        if picture["health"]:
            rows.append(["GET /health", seconds(picture["health"]["start"]), seconds(picture["health"]["end"])])
        return rows
    if picture["kind"] == "latencies":
        return [["requests", "count", "p50", "p95", "p99"],
                *([name, str(len(samples)), *(seconds(percentile(samples, p)) for p in (50, 95, 99))]
                  for name, samples in picture["series"].items() if samples)]
    rows_ = picture["steps"] if picture["kind"] == "curve" else picture["rows"]
    columns = list(rows_[0]) if rows_ else []
    return [columns, *([f"{row.get(c):.4g}" if isinstance(row.get(c), float) else str(row.get(c)) for c in columns] for row in rows_)]
