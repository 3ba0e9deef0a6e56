# Wrong answer to 3.3: Locust is killed when its time is over.
# Rejected by: test_the_load_lasts_as_long_as_it_was_told or test_the_statistics_are_those_of_the_run or test_the_users_of_the_class_load_the_host
# Because: it was killed|again and again|begins with|no such file|was sent no request

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
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds + 2)
    process.kill()
    process.wait()
    return folder / "load_stats.csv"
