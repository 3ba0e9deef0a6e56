# Wrong answer to 4.1: main() forgets the workers.
# Rejected by: test_as_many_processes_answer
# Because: (?s)one process serves all alone

import os
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    import asyncio

    import uvicorn

    settings = Settings()
    config = uvicorn.Config("app.main:app", host=settings.host, port=settings.port, workers=settings.web_concurrency)
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
