# Wrong answer to 4.1: a shell stands between the signal and the server.
# Rejected by: test_requests_in_flight_are_answered_after_a_sigterm
# Because: That process ended at once .*left behind

import os
import shlex
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    sys.exit(os.waitstatus_to_exitcode(os.system(shlex.join(server_command(Settings())))))


if __name__ == "__main__":
    main()
