# Wrong answer to 4.1: the signal is passed on as a SIGKILL to all.
# Rejected by: test_requests_in_flight_are_answered_after_a_sigterm
# Because: That process ended at once|got no answer

import os
import signal
import subprocess
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    child = subprocess.Popen(server_command(Settings()))
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(os.getpgrp(), signal.SIGKILL))
    sys.exit(child.wait())


if __name__ == "__main__":
    main()
