# Wrong answer to 4.1: a worker that has taken another one's place is not replaced when it dies.
# Rejected by: test_a_worker_that_was_killed_is_replaced
# Because: the new one, \d+, and another one were killed at the same moment\. After 20 s, the patience limit, 1 had been replaced

import signal
import socket
import subprocess
import sys
import time

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    return command if settings.web_concurrency is None else [*command, "--workers", str(settings.web_concurrency)]


def main() -> None:
    settings = Settings()
    listening = socket.create_server((settings.host, settings.port))
    listening.set_inheritable(True)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))

    def start() -> subprocess.Popen:
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--workers", "1", "--fd", str(listening.fileno())]
        return subprocess.Popen(command, pass_fds=[listening.fileno()])

    watched = [start() for _ in range(settings.web_concurrency or 1)]
    everybody = list(watched)
    while not stopped:
        time.sleep(0.1)
        for worker in list(watched):
            if worker.poll() is not None:
                watched.remove(worker)
                everybody.append(start())  # nobody watches this one
    for worker in everybody:
        worker.terminate()
    for worker in everybody:
        worker.wait()


if __name__ == "__main__":
    main()
