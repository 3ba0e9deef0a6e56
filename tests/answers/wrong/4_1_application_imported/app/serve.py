# Wrong answer to 4.1: uvicorn is given the application itself, which it can not give to workers.
# Rejected by: test_as_many_processes_answer
# Because: ended before it listened.*import string

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

    from app.main import app

    settings = Settings()
    uvicorn.run(app, host=settings.host, port=settings.port, workers=settings.web_concurrency)


if __name__ == "__main__":
    main()
