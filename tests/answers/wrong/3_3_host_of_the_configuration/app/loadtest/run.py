# Wrong answer to 3.3: the host isn't handed on, so that Locust takes the one of locust.conf.
# Rejected by: test_the_users_of_the_class_load_the_host
# Because: Locust was started for http://127.0.0.1:8000, and the host is

import math
import subprocess
import sys
import tempfile
from pathlib import Path

#: How long Locust may take beyond the load itself, to start and to end, in seconds. It imports much, on a busy machine for long.
GRACE_SECONDS = 20.0


def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
    """Loads ``host`` for ``seconds`` with ``users`` of a class of ``locustfile.py``, ``spawn_rate`` more of them a second.

    Returns the path of the statistics that Locust wrote as CSV, in a new folder outside of this repository. Failed requests
    are a result like any other. Raises ``RuntimeError`` with what Locust said when it can't start, and ``TimeoutError`` when it
    hasn't ended `GRACE_SECONDS` after the load should have; whatever happens, it doesn't run on.
    """
    folder = Path(tempfile.mkdtemp(prefix="load-"))  # a new one each time, so that no run writes over the files of another
    command = [
        # This Python's Locust, whatever PATH says. It patches the whole process, so it has one of its own.
        sys.executable, "-m", "locust", "-f", "locustfile.py", user_class,
        "--headless", "--users", str(users), "--spawn-rate", str(spawn_rate),
        "--run-time", f"{math.ceil(seconds)}s",  # Locust knows whole seconds only
        "--csv", str(folder / "load"), "--only-summary",
        # Otherwise one failed request makes it end with 1, as it does when it can't start at all.
        "--exit-code-on-error", "0",
    ]
    try:
        # Its output is read while it runs: a pipe that nobody empties stops who writes into it.
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds + GRACE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        # run() has killed it by now. A SIGTERM would not do: a task that never waits doesn't let Locust come to handle it.
        raise TimeoutError(f"Locust had not ended {GRACE_SECONDS:g} s after its {seconds:g} s of load") from error
    if done.returncode != 0:
        raise RuntimeError(f"Locust ended with status {done.returncode}:\n{done.stdout[-2000:]}")
    return folder / "load_stats.csv"
