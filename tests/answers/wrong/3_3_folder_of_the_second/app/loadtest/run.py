# Wrong answer to 3.3: runs of the same second share a folder.
# Rejected by: test_the_statistics_are_those_of_the_run or test_each_run_has_files_of_its_own or test_failed_requests_are_a_result or test_the_path_of_the_statistics_is_returned
# Because: its file has|both returned|tells of|begins with|was called again

import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GRACE_SECONDS = 20.0


def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
    folder = Path(tempfile.gettempdir(), f"serving-katas-{time.strftime('%Y%m%d-%H%M')}")
    folder.mkdir(exist_ok=True)
    command = [
        sys.executable, "-m", "locust", "-f", "locustfile.py", user_class,
        "--headless", "--host", host, "--users", str(users), "--spawn-rate", str(spawn_rate),
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
