# Wrong answer to 4.1: what is in flight is dropped.
# Rejected by: test_requests_in_flight_are_answered_after_a_sigterm
# Because: \d of them got no answer

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    command = [*server_command(Settings()), "--timeout-graceful-shutdown", "0"]
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
