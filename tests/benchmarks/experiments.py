"""Measures what workers bring and cost, and what a limit saves, and draws the pictures of docs/Exercises/phase-4-tuning.md.

``nox -s experiments``: about two minutes, on real uvicorn processes. Each picture says how much of the machine others used beside it:
these are measurements of a day, and no verdict rests on them. ``-- --into FOLDER`` leaves the chapter's own pictures as they are.
"""

import argparse
import asyncio
import contextlib
import io
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter

from dojo import memory
from dojo.generator import Load, closed, opened
from dojo.server import Port, Server, serving, uvicorn
from dojo.virtual_cpu import VirtualCpu
from dojo.workspace import ROOT, SOLUTIONS
from tests.benchmarks._tuning_app import COMPUTES, loop

IMAGES = ROOT / "docs" / "Exercises" / "images"
WORKERS, ROUNDS = (1, 2, 4), 3
#: How long each load lasts, and what of it is left out at its beginning; in seconds.
SECONDS, SETTLING = 3.0, 0.8
MODEL = 200_000_000
#: Of a service that can do 50 requests a second in turn: twice as many for so long, and the latency after which nobody waits any more.
CAPACITY, OVERLOAD_SECONDS, PATIENCE, LIMIT = 1 / COMPUTES, 6.0, 0.3, 10

INK, COLORS = "#24292f", {"computes": "#cf5a2b", "virtual": "#e3a857", "waits": "#2f6db3", "own": "#cf5a2b", "mapped": "#2f6db3"}
NAMES = {"computes": "computes 20 ms, in Python", "virtual": "the same, on two virtual cores", "waits": "waits 100 ms"}


# -- the machine


@dataclass(frozen=True)
class Background:
    """What others used of the machine: how many CPUs on average, of how many; ``load`` is the system's own figure."""

    busy: float | None
    cpus: int
    load: float

    @property
    def told(self) -> str:
        """It in words, for a picture."""
        others = f"others used {self.busy:.1f} of them" if self.busy is not None else f"load {self.load:.1f}"
        return f"{self.cpus} CPUs; {others} before it began"


def background(seconds: float = 2.0) -> Background:
    """Looks at the machine for a while, before anything of ours runs."""
    def used() -> float | None:
        try:
            fields = [int(each) for each in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
        except OSError:
            return None
        return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")  # all but idle and waiting for a disk

    before = used()
    time.sleep(seconds)
    after = used()
    busy = None if before is None or after is None else min((after - before) / seconds, os.cpu_count() or 1)
    return Background(busy, os.cpu_count() or 1, os.getloadavg()[0])


def turns() -> int:
    """How many turns of a loop in Python take 20 ms, when nobody disturbs it."""
    best = min(_timed(100_000) for _ in range(9))
    return int(100_000 * COMPUTES / best)


def _timed(count: int) -> float:
    began = time.process_time()
    loop(count)
    return time.process_time() - began


@contextlib.asynccontextmanager
async def service(folder: Path, workers: int, **env: str) -> AsyncIterator[Server]:
    """The service of the experiments, with so many workers, all of which have started."""
    port = Port()
    command = uvicorn("tests.benchmarks._tuning_app:app", port.number, workers, "--lifespan", "off", "--no-access-log", "--log-level", "warning")
    try:
        async with serving(folder / "workspace", command, port, env={"PYTHONPATH": str(ROOT), **env}, shared=[folder]) as server:
            seen: set[str] = set()
            while len(seen) < workers:
                load = await closed(f"{server.url}/uses-the-model", connections=2 * workers, count=4 * workers)
                seen |= set(load.workers)
            yield server
    finally:
        port.close()


def caption(figure: Figure, title: str, more: str) -> None:
    """What a picture shows, and what has to be known of the machine."""
    figure.suptitle(f"{title}\n", fontweight="bold")
    figure.text(0.5, 1 - 0.4 / figure.get_figheight(), more, ha="center", fontsize=9, color="#57606a")


# -- what a worker brings


async def brought(folder: Path) -> dict[str, dict[int, list[tuple[float, float]]]]:
    """For each kind of work and each number of workers: throughput and p95 of each round."""
    found: dict[str, dict[int, list[tuple[float, float]]]] = {kind: {workers: [] for workers in WORKERS} for kind in NAMES}
    cpu = VirtualCpu(folder / "cpu", 2)
    count = str(turns())
    for number in range(ROUNDS):
        for workers in WORKERS:
            async with service(folder, workers, TUNING_TURNS=count, **cpu.environment) as server:
                for kind, connections in (("computes", 8), ("virtual", 8), ("waits", 40)):
                    load = settled(await closed(f"{server.url}/{kind}", connections=connections, seconds=SECONDS))
                    found[kind][workers].append((load.rps, load.latency(95)))
                    print(f"round {number + 1}: {workers} workers, {kind}: {load.rps:.1f}/s, p95 {1000 * load.latency(95):.0f} ms, "
                          f"the generator used {load.cpu_share:.0%} of a CPU", flush=True)
    return found


def settled(load: Load) -> Load:
    """The load without its beginning, and without what was answered after its end."""
    began, ended = load.began + SETTLING, load.began + SECONDS
    return Load(began, ended, [each for each in load.asked if began <= each.answered < ended], load.cpu_share, load.opened)


def workers_picture(found: dict[str, dict[int, list[tuple[float, float]]]], machine: Background) -> Figure:
    """Throughput and p95 against workers."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    caption(figure, "What a worker brings", f"Median of {ROUNDS} rounds, with the least and the most. {machine.told}.")
    shapes = (("requests per second", 1.0), ("p95 in milliseconds", 1000.0))
    for place, (axes, (label, factor)) in enumerate(zip(figure.subplots(1, 2), shapes, strict=True)):
        for kind, runs in found.items():
            values = [[factor * run[place] for run in runs[workers]] for workers in WORKERS]
            middle = [statistics.median(each) for each in values]
            low = [center - min(each) for center, each in zip(middle, values, strict=True)]
            high = [max(each) - center for center, each in zip(middle, values, strict=True)]
            axes.errorbar(range(len(WORKERS)), middle, [low, high], color=COLORS[kind], label=NAMES[kind], marker="o", capsize=4,
                          linestyle="--" if kind == "virtual" else "-")
            for at, value in enumerate(middle):
                above = 6 if place == 0 or kind != "waits" else -13  # where two lines run side by side
                axes.annotate(f"{value:.0f}", (at, value), (6, above), textcoords="offset points", fontsize=9, color=COLORS[kind])
        axes.set_yscale("log")
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom / 1.15, top * 1.3)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.yaxis.set_minor_locator(NullLocator())
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(-0.3, len(WORKERS) - 0.6)
        axes.set_xticks(range(len(WORKERS)), [str(each) for each in WORKERS])
        axes.set_xlabel("workers")
        axes.set_ylabel(label)
        axes.grid(axis="y", alpha=0.3)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return figure


# -- what a worker costs


async def cost(folder: Path) -> dict[str, dict[int, memory.Use]]:
    """For a model that each worker loads, and for a mapped one: what the server has in memory with so many workers."""
    file = folder / "model.npy"
    np.save(file, np.random.default_rng(1).random((MODEL // 4096, 1024), dtype=np.float32))
    found: dict[str, dict[int, memory.Use]] = {"own": {}, "mapped": {}}
    for kind in found:
        for workers in WORKERS:
            async with service(folder, workers, TUNING_MODEL=str(file), TUNING_MAPPED=str(int(kind == "mapped"))) as server:
                use = found[kind][workers] = memory.together(server.pid)
                print(f"{workers} workers, {kind}: PSS {use.pss / 1e6:.0f} MB, RSS {use.rss / 1e6:.0f} MB", flush=True)
    file.unlink()
    return found


def memory_picture(found: dict[str, dict[int, memory.Use]], machine: Background) -> Figure:
    """RSS and PSS against workers."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    caption(figure, f"What a worker costs: a model of {MODEL // 1_000_000} MB", f"{machine.told}.")
    titles = {"own": "each worker loads it", "mapped": "each worker maps it"}
    for axes, (kind, uses) in zip(figure.subplots(1, 2, sharey=True), found.items(), strict=True):
        for shift, name, color, key in ((-0.2, "RSS, added up", "#b7bec6", "rss"), (0.2, "PSS, added up", COLORS[kind], "pss")):
            values = [getattr(uses[workers], key) / 1e6 for workers in WORKERS]
            bars = axes.bar([at + shift for at in range(len(WORKERS))], values, 0.38, color=color, label=name)
            axes.bar_label(bars, [f"{value:.0f}" for value in values], padding=2, fontsize=9)
        axes.set_title(titles[kind], fontsize=10)
        axes.set_xticks(range(len(WORKERS)), [str(each) for each in WORKERS])
        axes.set_xlabel("workers")
        axes.legend(frameon=False, loc="upper left")
        axes.set_ylim(0, 1.1 * max(each.rss for each in uses.values()) / 1e6)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("MB in memory, all processes together")
    return figure


# -- what a limit saves


async def overload(folder: Path) -> dict[str, Load]:
    """Twice of what the service can do, without a limit and with one."""
    found = {}
    for kind, limit in (("no limit", 0), (f"at most {LIMIT} in flight", LIMIT)):
        cpu = VirtualCpu(folder / f"cpu-{limit}", 1)
        async with service(folder, 1, TUNING_LIMIT=str(limit), **cpu.environment) as server:
            load = found[kind] = await opened(f"{server.url}/in-turn", rate=2 * CAPACITY, seconds=OVERLOAD_SECONDS)
            print(f"{kind}: {told(load)}", flush=True)
    return found


def goodput(load: Load) -> float:
    """Answers in a second for which somebody was still waiting."""
    return sum(each.latency <= PATIENCE for each in load.good) / OVERLOAD_SECONDS


def told(load: Load) -> str:
    """The figures of a load in words."""
    refused = sorted(each.latency for each in load.asked if each.status == 503)
    more = f"; {len(refused)} refused, p95 {1000 * refused[len(refused) * 95 // 100]:.0f} ms" if refused else ""
    return f"{goodput(load):.0f} good answers a second, p50 {load.latency(50):.2f} s, p95 {load.latency(95):.2f} s{more}"


def shedding_picture(found: dict[str, Load], machine: Background) -> Figure:
    """Each request where it came, and as high as it waited."""
    figure = Figure(figsize=(9, 4.0), layout="constrained")
    caption(figure, f"Twice of what a service can do: {2 * CAPACITY:.0f} requests a second, where {CAPACITY:.0f} are possible", f"{machine.told}.")
    for axes, (kind, load) in zip(figure.subplots(1, 2, sharey=True), found.items(), strict=True):
        for status, color, name in ((200, COLORS["waits"], "answered"), (503, COLORS["computes"], "refused, 503")):
            points = [(each.due - load.began, each.latency) for each in load.asked if each.status == status]
            if points:
                axes.scatter(*zip(*points, strict=True), s=7, color=color, label=f"{name}: {len(points)}", linewidths=0)
        axes.axhline(PATIENCE, color=INK, linewidth=0.8, linestyle="--")
        axes.annotate(f"after {1000 * PATIENCE:.0f} ms nobody waits any more", (0, PATIENCE), (0, 4), textcoords="offset points", fontsize=8)
        axes.set_title(f"{kind}: {goodput(load):.0f} good answers a second", fontsize=10)
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g} s" if value >= 1 else f"{1000 * value:g} ms")
        axes.set_xlabel("seconds since it began")
        axes.legend(frameon=False, loc="center right", markerscale=2)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("time until the answer")
    return figure


# -- all of it


def save(figure: Figure, file: Path) -> None:
    """Writes a picture that looks the same in light and dark pages, and of which no line differs when no figure does."""
    text = io.StringIO()
    figure.savefig(text, format="svg", facecolor="#ffffff", metadata={"Date": None, "Creator": None})
    file.write_text("\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n", encoding="utf-8")


Experiment = tuple[str, Callable[[Path], Any], Callable[[Any, Background], Figure]]
EXPERIMENTS: dict[str, Experiment] = {
    "workers": ("workers-throughput.svg", brought, workers_picture),
    "memory": ("workers-memory.svg", cost, memory_picture),
    "shedding": ("load-shedding.svg", overload, shedding_picture),
}


async def measured(chosen: Sequence[str], into: Path) -> None:
    """Makes the chosen experiments, and their pictures."""
    for name in chosen:
        file, measure, draw = EXPERIMENTS[name]
        machine = background()
        print(f"{name}: {machine.told}; load {machine.load:.1f}", flush=True)
        with tempfile.TemporaryDirectory(prefix="serving-katas-experiments-") as folder:
            shutil.copytree(SOLUTIONS / "app", Path(folder, "workspace", "app"))
            found = await measure(Path(folder))
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif", "font.size": 10}):
            save(draw(found, machine), into / file)


def main() -> None:
    """Measures and draws."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="*", choices=[[], *EXPERIMENTS], help="which ones (default: all)")
    parser.add_argument("--into", type=Path, default=IMAGES, help="where the pictures go")
    arguments = parser.parse_args()
    asyncio.run(measured(arguments.experiments or list(EXPERIMENTS), arguments.into))


if __name__ == "__main__":
    main()
