"""Measures what a closed and an open load say of a freeze, and draws the picture of docs/Exercises/phase-3-load-testing.md.

``python -m tests.benchmarks.omission_picture``: a service that answers after 10 ms and stands still for a second, once, under real
Locust: first with one user who never pauses, then with a hundred who each come once a second.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dojo.workspace import ROOT
from tests.benchmarks.latency_pictures import (
    BAD,
    BAR,
    BOTTOM,
    GOOD,
    HEIGHT,
    IMAGES,
    INK,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    line,
    percentile,
    picture,
    scaled,
    text,
)

#: When the service freezes after its start, for how long, and how long the load lasts; what comes in the first second is left out.
FREEZE_AT, FREEZE, SECONDS, SETTLING = 8.0, 1.0, 12, 1.0
#: What the picture shows of it. In seconds.
SHOWN = 10.0
PORT = 8237
RUNS = (("ClosedUser", 1, "closed: one user, who waits for each answer"), ("OpenUser", 100, "open: a hundred users, each once a second"))


def measured(user: str, count: int) -> list[tuple[float, float]]:
    """When each request was sent, counted from the first that counts, and what it took; in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        requests = Path(folder, "requests.json")
        service = subprocess.Popen([sys.executable, "-m", "katas.phase3_load_testing.capacity", "--port", str(PORT), "--places", "1000",
                                    "--seconds", "0.01", "--freeze-at", str(FREEZE_AT), "--freeze", str(FREEZE)], cwd=ROOT)
        try:
            time.sleep(1.0)
            subprocess.run([sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("_omission_users.py")), user, "--headless",
                            "--host", f"http://127.0.0.1:{PORT}", "--users", str(count), "--spawn-rate", str(count), "--run-time", f"{SECONDS}s",
                            "--only-summary"], cwd=folder, env={**os.environ, "OMISSION_REQUESTS": str(requests)}, check=True)
        finally:
            service.kill()
            service.wait()
        run = sorted(json.loads(requests.read_text(encoding="utf-8")))
    first = run[0][0] + SETTLING
    return [(at - first, took) for at, took in run if first <= at < first + SHOWN]


def drawn(runs: list[list[tuple[float, float]]]) -> str:
    """Both runs side by side: each request where it was sent and as high as it took."""
    y = scaled(math.log10(0.005), math.log10(2.0), HEIGHT - BOTTOM, TOP + 26)
    half = (WIDTH - LEFT - RIGHT) / 2
    parts = []
    for label, seconds in (("10 ms", 0.01), ("100 ms", 0.1), ("1 s", 1.0)):
        at = y(math.log10(seconds))
        parts += [line(LEFT, at, WIDTH - RIGHT, at), text(LEFT - 8, at + 4, label, anchor="end", size=12)]
    for number, (run, (_, _, title)) in enumerate(zip(runs, RUNS, strict=True)):
        left = LEFT + number * half + (12 if number else 0)
        x = scaled(0, SHOWN, left, LEFT + (number + 1) * half - (0 if number else 12))
        parts.append(text(left, TOP + 12, title, size=12, weight="bold"))
        for color, slow in ((BAR, False), (BAD, True)):
            dots = "".join(f"M{x(at):.1f} {y(math.log10(min(max(took, 0.005), 2.0))):.1f}h0" for at, took in run if (took > 0.1) is slow)
            parts.append(f'<path d="{dots}" stroke="{color}" stroke-width="3.2" stroke-linecap="round" stroke-opacity="0.7"/>')
        parts += [text(x(at), HEIGHT - BOTTOM + 18, f"{at} s", anchor="middle", size=12) for at in range(0, 11 if number else 9, 2)]
        for p, color in ((50, GOOD), (99, BAD)):
            value = percentile([took for _, took in run], p)
            at = y(math.log10(value))
            up = 16 if p == 50 else -6
            words = f"p{p} {1000 * value:.0f} ms"
            box = f'x="{x(0):.1f}" y="{at + up - 12:.1f}" width="{7 * len(words) + 6}" height="15" rx="3"'
            parts += [line(x(0), at, x(SHOWN), at, color, 1.6, "5 3"), f'<rect {box} fill="#ffffff" fill-opacity="0.9"/>',
                      text(x(0) + 4, at + up, words, color, size=12, weight="bold")]
        parts.append(line(x(0), HEIGHT - BOTTOM, x(SHOWN), HEIGHT - BOTTOM, INK))
    return picture("One service, frozen for a second, under two loads of up to 100 requests a second", parts)


def main() -> None:
    """Measures, draws, and prints the figures that the chapter quotes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=IMAGES, help="where the picture goes")
    into = parser.parse_args().into
    runs = [measured(user, count) for user, count, _ in RUNS]
    (into / "coordinated-omission.svg").write_text(drawn(runs), encoding="utf-8")
    runs.append(measured("PacedUser", 100))
    for user, run in zip(("ClosedUser", "OpenUser", "PacedUser"), runs, strict=True):
        took = [seconds for _, seconds in run]
        figures = {f"p{p}": round(1000 * percentile(took, p)) for p in (50, 90, 95, 99, 100)}
        print(user, len(run), f"{len(run) / run[-1][0]:.0f}/s", figures, "slow:", sum(each > 0.1 for each in took))


if __name__ == "__main__":
    main()
