"""How long a verdict takes and what the probe costs, as ratios of one run.

``python -m tests.benchmarks.verdict [--quick]``. Pairs are measured in turn, A B A B, and medians
are compared. A benchmark doesn't judge: the exit status is 0 whatever the figures are.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dojo.launch import Launcher
from dojo.subject import Run, Service
from dojo.workspace import ROOT, SOLUTIONS, Workspace
from tests.judging import judge

SERVICE = f"{Path(__file__).parent}/_answers_at_once.py:app"
LOAD = Path(__file__).parent / "_load.py"


def timed(call: Callable[[], object]) -> float:
    """The seconds that ``call`` takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def show(what: str, figure: str, goal: str = "", met: bool | None = None) -> None:
    """One line of the table."""
    print(f"{what:<66} {figure:>9}  {goal:<12} {'' if met is None else 'met' if met else 'NOT met'}".rstrip(), flush=True)


def verdicts(repeats: int) -> None:
    """From command to verdict for one exercise, against pytest on an empty file that imports fastapi."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    with tempfile.TemporaryDirectory() as empty:
        (Path(empty) / "test_empty.py").write_text("import fastapi\n\n\ndef test_nothing():\n    pass\n")
        (Path(empty) / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")

        def pytest(*arguments: str, cwd: str | Path) -> float:
            command = [sys.executable, "-m", "pytest", *arguments]
            return timed(lambda: subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=True))

        bare, cold, running = [], [], []
        judge(SOLUTIONS, ["1.1"])
        for _ in range(repeats):
            bare.append(pytest("-q", "-p", "no:cacheprovider", cwd=empty))
            cold.append(pytest("katas/phase1_foundation", "-k", "1_1", "--workspace", "solutions", cwd=ROOT))
            running.append(timed(lambda: judge(SOLUTIONS, ["1.1"])))
    base = statistics.median(bare)
    show("pytest on an empty file that imports fastapi (the base of the next two)", f"{base:.2f} s")
    ratio = statistics.median(cold) / base
    show("one exercise, cold command, against the base", f"{ratio:.2f} x", "below 2.0 x", ratio < 2.0)
    ratio = statistics.median(running) / base
    show("one exercise in a running judge, against the base", f"{ratio:.2f} x", "below 1.0 x", ratio < 1.0)


async def starts(repeats: int) -> None:
    """A host's start from a fresh interpreter, and forked from the preloaded process."""
    launcher = Launcher(Workspace.at(SOLUTIONS))
    run = Run(launcher)
    task = {"do": "serve", "app": "app.main:app", "root": str(launcher.root)}

    async def once(spawn: bool) -> float:
        began = time.perf_counter()
        host = await launcher.start(task, fresh=spawn)
        await asyncio.wait_for(host.started, 60)
        took = time.perf_counter() - began
        await host.close()
        return took

    try:
        await (await run.serve("app.main:app", {}, edit=(), exercise="")).close()
        cold, preloaded = [], []
        for _ in range(repeats):
            cold.append(await once(spawn=True))
            preloaded.append(await once(spawn=False))
    finally:
        launcher.close()
    show("a host's start, fresh interpreter", f"{statistics.median(cold):.2f} s")
    show("a host's start, forked from the preloaded process", f"{statistics.median(preloaded) * 1000:.0f} ms")
    show("forked against fresh", f"{statistics.median(preloaded) / statistics.median(cold):.2f} x")


async def load(service: Service, path: str, seconds: float) -> float:
    """Requests per second of ``service``, by a client in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(LOAD), service.url.rpartition(":")[2], path, str(seconds), stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return float(out)


async def probe_cost(rounds: int) -> None:
    """Requests per second with the probe against without, on an endpoint that answers at once and on /predict."""
    launcher = Launcher(Workspace.at(SOLUTIONS))
    run = Run(launcher)
    try:
        for name, app, path in (("an endpoint that answers at once", SERVICE, "GET /"), ("/predict without a wait", "app.main:app", "POST /predict")):
            # Of each kind two: where a process happens to lie in memory is worth a hundredth or two.
            kinds = {"none": {"probe": False}, "probe": {}, "armed": {}}
            services = [(kind, await run.serve(app, {"inference_seconds": 0}, edit=(), exercise="", **kinds[kind])) for kind in (*kinds, *kinds)]
            for kind, service in services:
                if kind == "armed":
                    await service.close_gate()
                    await service.open_gate()
            rates: dict[str, list[float]] = {kind: [] for kind in kinds}
            for number in range(rounds):
                for kind, service in services if number % 2 else services[::-1]:
                    rates[kind].append(await load(service, path, 1.0))
            for _, service in services:
                await service.close()
            for kind, told in (("probe", "the probe's cost"), ("armed", "the same while the call clock is armed")):
                cost = 100 * (1 - statistics.median(x / y for x, y in zip(rates[kind], rates["none"], strict=True)))
                goal = ("under 3 %", cost < 3.0) if kind == "probe" else ("", None)
                show(f"{told}, {name}", f"{cost:.1f} %", *goal)
    finally:
        launcher.close()


def phase(repeats: int) -> None:
    """All of phase 1 on solutions/."""
    command = [sys.executable, "-m", "pytest", "katas/phase1_foundation", "--workspace", "solutions"]
    took = [timed(lambda: subprocess.run(command, cwd=ROOT, capture_output=True, check=True)) for _ in range(repeats)]
    show("all of phase 1 on solutions/", f"{statistics.median(took):.1f} s", "under 10 s", statistics.median(took) < 10)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    quick = parser.parse_args().quick
    verdicts(3 if quick else 7)
    asyncio.run(starts(3 if quick else 9))
    asyncio.run(probe_cost(3 if quick else 8))
    phase(1 if quick else 3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
