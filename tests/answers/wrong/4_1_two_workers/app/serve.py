# Wrong answer to 4.1: two workers, whatever the settings say.
# Rejected by: test_the_command_is_made_of_the_settings
# Because: web_concurrency of \d+, and this is the command

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    return [*command, "--workers", "2"]


def main() -> None:
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
