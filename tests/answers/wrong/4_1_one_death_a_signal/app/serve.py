# Wrong answer to 4.1: of two workers that die at the same moment, one is replaced: a SIGCHLD is taken for one death.
# Rejected by: test_a_worker_that_was_killed_is_replaced
# Because: the new one, \d+, and another one were killed at the same moment\. After 20 s, the patience limit, 1 had been replaced

import contextlib
import os
import signal
import socket
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
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--workers", "1", "--fd", str(listening.fileno())]
    workers: set[int] = set()
    stopped = []

    def start() -> None:
        workers.add(os.spawnv(os.P_NOWAIT, command[0], command))

    def child_died(*_: object) -> None:
        with contextlib.suppress(ChildProcessError):
            pid, _status = os.waitpid(-1, os.WNOHANG)  # one: but two that die together send one SIGCHLD
            if pid in workers and not stopped:
                workers.discard(pid)
                start()

    signal.signal(signal.SIGCHLD, child_died)
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    for _ in range(settings.web_concurrency or 1):
        start()
    while not stopped:
        time.sleep(0.1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pid in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in workers:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
