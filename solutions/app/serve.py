"""How the service is served: a command of uvicorn's, made of the settings. ``python -m app.serve`` becomes that server."""

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    """The command that serves app.main:app, as a list of its words: the program, then its arguments.

    uvicorn listens on the ``settings``' host and port, with ``web_concurrency`` worker processes. Where that is None, how many there are is
    left open.
    """
    # Not "uvicorn" alone: which one that is depends on PATH, and it may belong to another environment.
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    """Serves with the environment's settings until the process is told to end by SIGTERM.

    Then requests in flight are answered, and this process is the last to end.
    """
    command = server_command(Settings())
    # This process becomes the server: the signals that are sent to it reach uvicorn, with nobody between who would have to pass them on.
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
