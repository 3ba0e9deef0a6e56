# Wrong answer to 4.1: the settings that the module has, not those that it is given.
# Rejected by: test_the_command_is_made_of_the_settings
# Because: The settings had a host of 127\.0\.0\.\d+.*It doesn\'t say 127

import os
import sys

from app.settings import Settings
from app.settings import settings as current


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", current.host, "--port", str(current.port)]
    if current.web_concurrency is not None:
        command += ["--workers", str(current.web_concurrency)]
    return command


def main() -> None:
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
