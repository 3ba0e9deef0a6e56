"""Measures a real service, and draws the pictures of docs/Exercises/phase-2-observability.md.

``python -m tests.benchmarks.latency_pictures``: a minute of requests that come when they come (an
open model), to a service with eight connections to something that takes 20 ms; then another minute,
in which that answers nobody for a second. The pictures are SVG written by hand: a few rectangles, lines
and texts need no library.
"""

import argparse
import asyncio
import importlib.util
import math
import random
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from dojo.launch import Launcher
from dojo.subject import Run, Service
from dojo.workspace import ROOT, SOLUTIONS, Workspace

SERVICE = f"{Path(__file__).parent}/_queueing.py:app"
IMAGES = ROOT / "docs" / "Exercises" / "images"

#: When requests are sent, in seconds from the first: which one, how many a second, for how long, and the outage.
RATE, SECONDS, OUTAGE_AT, OUTAGE = 40.0, 60.0, 36.0, 1.0

#: From here on a request counts as slow. In seconds.
SLOW = 0.25

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 300, 64, 36, 46, 46
INK, PALE, BAR, BAD, GOOD, MEAN = "#24292f", "#d0d7de", "#79b8ff", "#cf222e", "#1a7f37", "#9a6700"


def percentile(samples: Iterable[float], p: int) -> float:
    """The solution's."""
    spec = importlib.util.spec_from_file_location("solved", SOLUTIONS / "app" / "metrics.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return float(module.percentile(samples, p))


# -- the run


async def ask(port: int, due: float) -> float:
    """The seconds from when a request was due to the end of its answer, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /work HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    await reader.read()
    writer.close()
    return time.perf_counter() - due


async def load(service: Service, outage: bool) -> list[tuple[float, float]]:
    """When each request was sent, and what it took; both in seconds."""
    dice = random.Random(2)
    port = service.client.base_url.port
    assert port is not None
    start = time.perf_counter() + 0.2
    sent, tasks, at = [], [], 0.0
    down = asyncio.create_task(_down(service, start)) if outage else None
    while (at := at + dice.expovariate(RATE)) < SECONDS:
        await asyncio.sleep(max(0.0, start + at - time.perf_counter()))
        sent.append(at)
        tasks.append(asyncio.create_task(ask(port, start + at)))
    took = await asyncio.gather(*tasks)
    if down is not None:
        await down
    return list(zip(sent, took, strict=True))


async def _down(service: Service, start: float) -> None:
    await asyncio.sleep(start + OUTAGE_AT - time.perf_counter())
    await service.post(f"/outage?seconds={OUTAGE}")


async def measured() -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """An ordinary run, and one with an outage."""
    launcher = Launcher(Workspace.at(SOLUTIONS))
    try:
        runs = []
        for outage in (False, True):
            service = await Run(launcher).serve(SERVICE, {}, edit=(), exercise="", probe=False)
            await service.get("/work")
            runs.append(await load(service, outage))
            await service.close()
        return runs[0], runs[1]
    finally:
        launcher.close()


# -- drawing


def text(x: float, y: float, words: str, color: str = INK, anchor: str = "start", size: int = 13, weight: str = "normal") -> str:
    """Words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}">{words}</text>'


def line(x1: float, y1: float, x2: float, y2: float, color: str = PALE, width: float = 1.0, dash: str = "") -> str:
    """A line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}"{dashed}/>'


def picture(title: str, parts: list[str]) -> str:
    """The whole file, on white, so that it is legible on a dark page too."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="system-ui, Helvetica, Arial, sans-serif">\n<title>{title}</title>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>\n' + text(LEFT, 26, title, size=15, weight="bold") + "\n"
        + "\n".join(parts) + "\n</svg>\n"
    )


def scaled(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Maps low … high to start … end."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def labelled(marks: list[tuple[str, float, str]], x: Callable[[float], float], least: float = 62.0) -> list[str]:
    """Vertical lines with labels on top, which give way to each other."""
    parts, free = [], -math.inf
    for name, value, color in sorted(marks, key=lambda mark: mark[1]):
        at = x(value)
        label = max(at, free)
        parts += [line(at, TOP + 22, at, HEIGHT - BOTTOM, color, 1.6, "5 3"),
                  text(label, TOP + 2, name, color, "middle", 12, "bold"), text(label, TOP + 16, f"{1000 * value:.0f} ms", color, "middle", 12)]
        free = label + least
    return parts


def distribution(took: list[float]) -> str:
    """How often which latency came, with the numbers that sum it up."""
    high, step = 0.12, 0.003
    counts = [0] * round(high / step)
    for seconds in took:
        counts[min(int(seconds / step), len(counts) - 1)] += 1
    x, y = scaled(0, high, LEFT, WIDTH - RIGHT), scaled(0, max(counts), HEIGHT - BOTTOM, TOP + 30)
    width = x(step) - x(0) - 1
    parts = [f'<rect x="{x(i * step) + 0.5:.1f}" y="{y(count):.1f}" width="{width:.1f}" height="{HEIGHT - BOTTOM - y(count):.1f}" fill="{BAR}"/>'
             for i, count in enumerate(counts) if count]
    parts += [line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, INK)]
    parts += [text(x(ms / 1000), HEIGHT - BOTTOM + 18, f"{ms} ms" + ("+" if ms == 120 else ""), anchor="middle", size=12) for ms in range(0, 121, 20)]
    parts += [text(LEFT - 8, y(count) + 4, str(count), anchor="end", size=12) for count in (0, max(counts))]
    parts += labelled([("p50", percentile(took, 50), GOOD), ("mean", statistics.fmean(took), MEAN), ("p95", percentile(took, 95), BAD),
                       ("p99", percentile(took, 99), BAD)], x)
    return picture(f"{len(took):,} requests, by how long they took", parts)


def outage(run: list[tuple[float, float]]) -> str:
    """Each request where it was sent and as high as it took, and what the mean of all says."""
    low, high = math.log10(0.001), math.log10(2.0)
    x, y = scaled(0, SECONDS, LEFT, WIDTH - RIGHT), scaled(low, high, HEIGHT - BOTTOM, TOP + 8)
    took = [seconds for _, seconds in run]
    parts = []
    for label, seconds in (("1 ms", 0.001), ("10 ms", 0.01), ("100 ms", 0.1), ("1 s", 1.0)):
        at = y(math.log10(seconds))
        parts += [line(LEFT, at, WIDTH - RIGHT, at), text(LEFT - 8, at + 4, label, anchor="end", size=12)]
    for color, slow in ((BAR, False), (BAD, True)):
        dots = "".join(f"M{x(at):.1f} {y(math.log10(min(max(each, 0.001), 2.0))):.1f}h0" for at, each in run if (each > SLOW) is slow)
        parts.append(f'<path d="{dots}" stroke="{color}" stroke-width="3.2" stroke-linecap="round" stroke-opacity="0.7"/>')
    parts += [text(x(at), HEIGHT - BOTTOM + 18, f"{at} s", anchor="middle", size=12) for at in range(0, 61, 10)]
    marks = (("p50", percentile(took, 50), GOOD, 15), ("mean", statistics.fmean(took), MEAN, -5), ("p99", percentile(took, 99), BAD, -5))
    for name, value, color, below in marks:
        at = y(math.log10(value))
        words = f"{name} {1000 * value:.0f} ms"
        box = f'x="{LEFT + 6}" y="{at + below - 12:.1f}" width="{7 * len(words) + 8}" height="15" rx="3"'
        parts += [line(LEFT, at, WIDTH - RIGHT, at, color, 1.6, "5 3"), f'<rect {box} fill="#ffffff" fill-opacity="0.9"/>',
                  text(LEFT + 10, at + below, words, color, size=12, weight="bold")]
    return picture("A minute of requests; for one second the database answered nobody", parts)


def main() -> None:
    """Measures, draws, and prints the figures that the chapter quotes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=IMAGES, help="where the pictures go")
    into = parser.parse_args().into
    ordinary, broken = asyncio.run(measured())
    into.mkdir(parents=True, exist_ok=True)
    drawn = {"latency-distribution": (ordinary, distribution([seconds for _, seconds in ordinary])), "latency-outage": (broken, outage(broken))}
    for name, (run, svg) in drawn.items():
        took = [seconds for _, seconds in run]
        (into / f"{name}.svg").write_text(svg, encoding="utf-8")
        mean = statistics.fmean(took)
        figures = {"mean": mean, **{f"p{p}": percentile(took, p) for p in (50, 90, 95, 99, 100)}}
        slow = sum(seconds > SLOW for seconds in took)
        said = ", ".join(f"{key} {1000 * value:.1f} ms" for key, value in figures.items())
        print(f"{name}: {len(took)} requests, {slow} over {1000 * SLOW:.0f} ms, {sum(each <= mean for each in took)} not over the mean; {said}")


if __name__ == "__main__":
    main()
