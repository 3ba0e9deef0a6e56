# Wrong answer to 3.3: a Locust that hangs gets a SIGTERM, which it can't handle.
# Rejected by: test_a_locust_that_hangs_is_ended
# Because: a task that never comes to its end, raised TimeoutError, and Locust runs on

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
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        printed, _ = process.communicate(timeout=seconds + GRACE_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.terminate()
        raise TimeoutError("Locust does not end") from error
    if process.returncode:
        raise RuntimeError(printed)
    return folder / "load_stats.csv"
