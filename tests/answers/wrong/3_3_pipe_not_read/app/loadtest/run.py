# Wrong answer to 3.3: Locust writes into a pipe that nobody reads.
# Rejected by: test_the_users_of_the_class_load_the_host or test_the_path_of_the_statistics_is_returned
# Because: stood while it printed something

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
        process.wait(seconds + min(GRACE_SECONDS, 10))
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise TimeoutError("Locust does not end") from error
    if process.returncode:
        raise RuntimeError(process.stdout.read())
    return folder / "load_stats.csv"
