# Right answer to 3.3: Popen in a session of its own, which is killed as a whole; whether there are statistics decides.

import math
import os
import signal
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
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = process.communicate(timeout=seconds + 15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise TimeoutError(f"no end after {seconds + 15} s") from None
    if not (folder / "load_stats.csv").exists():
        raise RuntimeError((out + err).decode())
    return folder / "load_stats.csv"
