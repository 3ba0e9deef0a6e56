# Right answer to 4.1: a shell that hands over to uvicorn.

import os

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    workers = "" if settings.web_concurrency is None else f"--workers {settings.web_concurrency}"
    return ["sh", "-c", f"exec uvicorn app.main:app --host {settings.host} --port {settings.port} {workers}"]


def main() -> None:
    command = server_command(Settings())
    os.execv("/bin/sh", command)


if __name__ == "__main__":
    main()
