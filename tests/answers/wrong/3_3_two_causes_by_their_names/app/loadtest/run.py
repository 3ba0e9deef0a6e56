# Wrong answer to 3.3: two causes are looked for in what Locust said; a locustfile with a syntax error, or none at all, has a path as its result.
# Rejected by: test_a_locust_that_can_not_start_is_an_error
# Because: opens a file which isn't there, returned

import math
import subprocess
import sys
import tempfile
from pathlib import Path

GRACE_SECONDS = 20.0


def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    command = [
        sys.executable, "-m", "locust", "-f", "locustfile.py", user_class,
        "--headless", "--host", host, "--users", str(users), "--spawn-rate", str(spawn_rate),
        "--run-time", f"{math.ceil(seconds)}s", "--csv", str(folder / "load"), "--only-summary",
    ]

    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds + GRACE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"Locust had not ended {GRACE_SECONDS:g} s after its {seconds:g} s of load") from error
    if "Unknown User" in done.stdout or "ModuleNotFoundError" in done.stdout:
        raise RuntimeError(f"Locust can not start:\n{done.stdout[-2000:]}")
    return folder / "load_stats.csv"
