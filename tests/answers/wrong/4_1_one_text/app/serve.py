# Wrong answer to 4.1: one text for a shell.
# Rejected by: test_the_command_is_made_of_the_settings
# Because: A command is a list of words

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> str:
    workers = f" --workers {settings.web_concurrency}" if settings.web_concurrency else ""
    return f"{sys.executable} -m uvicorn app.main:app --host {settings.host} --port {settings.port}{workers}"


def main() -> None:
    os.execvp("sh", ["sh", "-c", "exec " + server_command(Settings())])


if __name__ == "__main__":
    main()
