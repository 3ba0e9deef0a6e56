# Wrong answer to 3.3: the time is cut off to whole seconds, so that half a second becomes 0, which is no limit to Locust.
# Rejected by: test_a_locust_that_hangs_is_ended
# Because: started Locust for 0 s, which is no limit for it

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
        "--run-time", f"{int(seconds)}s", "--csv", str(folder / "load"), "--only-summary", "--exit-code-on-error", "0",
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
