# Wrong answer to 3.3: Locust isn't told to end, and nobody ends it.
# Rejected by: test_nothing_is_left_running or test_the_statistics_are_those_of_the_run or test_the_load_lasts_as_long_as_it_was_told
# Because: its Locust runs on|it was killed|again and again|no such file|was sent no request

import subprocess
import sys
import tempfile
import time
from pathlib import Path

GRACE_SECONDS = 20.0


def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    command = [
        sys.executable, "-m", "locust", "-f", "locustfile.py", user_class,
        "--headless", "--host", host, "--users", str(users), "--spawn-rate", str(spawn_rate),
        "--csv", str(folder / "load"), "--only-summary",
        "--exit-code-on-error", "0",
    ]
    subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds + 3)
    return folder / "load_stats.csv"
