# Wrong answer to 4.1: main() starts no more workers than this process has CPUs, though WEB_CONCURRENCY says more.
# Rejected by: test_as_many_processes_answer
# Because: WEB_CONCURRENCY was \d, and 2 processes started the application|one process serves all alone

import os
import sys

import uvicorn

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    return command if settings.web_concurrency is None else [*command, "--workers", str(settings.web_concurrency)]


def main() -> None:
    settings = Settings()
    workers = min(settings.web_concurrency or 1, len(os.sched_getaffinity(0)))
    uvicorn.run("app.main:app", host=settings.host, port=settings.port, workers=workers)


if __name__ == "__main__":
    main()
