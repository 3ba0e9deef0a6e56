# Wrong answer to 4.1: a process stands between the signal and the server.
# Rejected by: test_requests_in_flight_are_answered_after_a_sigterm
# Because: That process ended at once \(it was ended by signal 15 \(SIGTERM\)\), with \d process(es)? left behind

import subprocess
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def main() -> None:
    subprocess.run(server_command(Settings()), check=True)


if __name__ == "__main__":
    main()
