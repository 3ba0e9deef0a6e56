# Wrong answer to 4.1: main() listens everywhere.
# Rejected by: test_as_many_processes_answer
# Because: the service listens on 0\.0\.0\.0:\d+

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    command = server_command(Settings(host="0.0.0.0"))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
