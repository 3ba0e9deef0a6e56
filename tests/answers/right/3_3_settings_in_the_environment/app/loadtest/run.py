# Right answer to 3.3: the settings go by the environment, the output into a file.

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path


class LocustFailed(RuntimeError):
    pass


class LocustHangs(TimeoutError):
    pass


def run(host: str, user_class: str, users: int, spawn_rate: float, seconds: float) -> Path:
    folder = Path(tempfile.mkdtemp())
    settings = {"HOST": host, "USERS": users, "SPAWN_RATE": spawn_rate, "RUN_TIME": math.ceil(seconds), "CSV": folder / "load",
                "HEADLESS": "true", "EXIT_CODE_ON_ERROR": 0, "LOGLEVEL": "INFO"}
    environment = os.environ | {f"LOCUST_{name}": str(value) for name, value in settings.items()}
    log = folder / "log"
    with log.open("wb") as output, subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", os.path.abspath("locustfile.py"), user_class], env=environment, stdin=subprocess.DEVNULL,
        stdout=output, stderr=output,
    ) as process:
        try:
            status = process.wait(math.ceil(seconds) + 10)
        except subprocess.TimeoutExpired:
            raise LocustHangs("it doesn't end") from None
        finally:
            process.kill()
    if status:
        raise LocustFailed(log.read_text())
    return next(folder.glob("*_stats.csv"))
