# Wrong answer to 3.3: Locust gets no more time than the load takes.
# Rejected by: test_the_users_of_the_class_load_the_host or test_the_path_of_the_statistics_is_returned
# Because: raised TimeoutError

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
        "--run-time", f"{math.ceil(seconds)}s",
        "--csv", str(folder / "load"), "--only-summary",
        "--exit-code-on-error", "0",
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"Locust had not ended {GRACE_SECONDS:g} s after its {seconds:g} s of load") from error
    if done.returncode != 0:
        raise RuntimeError(f"Locust ended with status {done.returncode}:\n{done.stdout[-2000:]}")
    return folder / "load_stats.csv"
