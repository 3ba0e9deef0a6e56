# Wrong answer to 4.1: main() takes one worker more than it was told.
# Rejected by: test_as_many_processes_answer
# Because: (?s)WEB_CONCURRENCY was \d, and \d process(es)? started the application

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    import uvicorn

    settings = Settings()
    uvicorn.run("app.main:app", host=settings.host, port=settings.port, workers=(settings.web_concurrency or 1) + 1)


if __name__ == "__main__":
    main()
