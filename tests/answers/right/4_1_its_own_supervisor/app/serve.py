# Right answer to 4.1: a supervisor of its own, which replaces who dies and waits for all.

import os
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

    workers = [start() for _ in range(settings.web_concurrency or 1)]
    while not stopped:
        time.sleep(0.1)
        workers = [worker if worker.poll() is None else start() for worker in workers]
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait()


if __name__ == "__main__":
    main()
