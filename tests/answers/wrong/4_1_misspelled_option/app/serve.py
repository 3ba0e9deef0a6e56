# Wrong answer to 4.1: an option that uvicorn does not have.
# Rejected by: test_the_command_serves
# Because: The command was python -m uvicorn .*--worker-processes 2.* No such option

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--worker-processes", str(settings.web_concurrency)]
    return command


def main() -> None:
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
