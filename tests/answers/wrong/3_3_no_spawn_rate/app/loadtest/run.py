# Wrong answer to 3.3: the spawn rate isn't handed on.
# Rejected by: test_users_spawn_rate_and_time_are_respected
# Because: started with a spawn rate of 1 a second|spawn rate of 5\.?0? a second

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
        "--headless", "--host", host, "--users", str(users),
        "--run-time", f"{math.ceil(seconds)}s",
        "--csv", str(folder / "load"), "--only-summary",
        "--exit-code-on-error", "0",
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds + GRACE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"Locust had not ended {GRACE_SECONDS:g} s after its {seconds:g} s of load") from error
    if done.returncode != 0:
        raise RuntimeError(f"Locust ended with status {done.returncode}:\n{done.stdout[-2000:]}")
    return folder / "load_stats.csv"
