# Wrong answer to 4.1: None is made a text.
# Rejected by: test_the_command_needs_no_number_of_workers
# Because: None is Python\'s word for "not set"

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    return [*command, "--workers", str(settings.web_concurrency)]


def main() -> None:
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
