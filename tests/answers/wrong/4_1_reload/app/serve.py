# Wrong answer to 4.1: reloads when a file changes; then there is one worker.
# Rejected by: test_the_command_serves
# Because: WEB_CONCURRENCY was 2, and 1 process started the application

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--reload", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
