# Wrong answer to 4.1: main() starts the server and returns.
# Rejected by: test_as_many_processes_answer
# Because: (?s)(ended before it listened|The process of python -m app\.serve has ended)

import subprocess
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    subprocess.Popen(server_command(Settings()))


if __name__ == "__main__":
    main()
