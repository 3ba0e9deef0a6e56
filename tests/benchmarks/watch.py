"""How long the watch takes from a save to its verdict, against a cold pytest run of the same exercise.

``python -m tests.benchmarks.watch [--quick]``. Both are measured in turn, and medians are compared: what else the machine does
meets both. Saves go to a real watch in a pseudo-terminal, and a verdict is there when the terminal shows it. The figures are
shown; the exit status is 0 whatever they are.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dojo.workspace import ROOT
from tests.benchmarks.verdict import show, timed
from tests.learner import fresh, health
from tests.screen import Screen

#: An exercise that waits on nothing, red and green by turns.
EXERCISE = "1.1"


def cold(workspace: Path) -> float:
    """The seconds of ``pytest`` on the exercise, from the command to its end."""
    command = [sys.executable, "-m", "pytest", "katas/phase1_foundation", "-k", "1_1", "--workspace", str(workspace)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    return timed(lambda: subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False))


def saved(screen: Screen, workspace: Path, number: int) -> float:
    """The seconds from a save to the verdict on it."""
    told = f"ValueError: save {number}."
    return timed(lambda: (health(workspace, f'raise ValueError("save {number}.")'), screen.shows(told)))


def main() -> int:
    """Prints two lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    repeats = 5 if parser.parse_args().quick else 15
    with tempfile.TemporaryDirectory(prefix="serving-katas-watch-") as temporary:
        workspace = fresh(Path(temporary) / "workspace")
        screen = Screen("watch", EXERCISE, "--workspace", workspace)
        try:
            screen.shows(f"✗ {EXERCISE}", "h hint")
            saved(screen, workspace, 0)
            pairs = []
            for number in range(1, repeats + 1):
                time.sleep(0.2)  # a learner's pause: what the last one left behind has ended
                pairs.append((saved(screen, workspace, number), cold(workspace)))
        finally:
            screen.press("q")
            screen.ends()
            screen.close()
    warm, whole = (statistics.median(column) for column in zip(*pairs, strict=True))
    show("a cold pytest run of one exercise (the base of the next)", f"{whole:.2f} s")
    show("from a save to the watch's verdict", f"{warm:.2f} s", "below 0.3 s", warm < 0.3)
    show("the same against the cold run", f"{warm / whole:.2f} x", "at most 0.25", warm / whole <= 0.25)
    return 0


if __name__ == "__main__":
    sys.exit(main())
