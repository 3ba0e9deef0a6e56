# Wrong answer to 4.1: so many processes are forked, and nobody replaces them.
# Rejected by: test_a_worker_that_was_killed_is_replaced
# Because: was killed\. After 20 s, the patience limit, no other had taken its place

import multiprocessing
import signal
import socket
import sys

from app.settings import Settings


def server_command(settings: Settings) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command


def work(sock: socket.socket) -> None:
    import uvicorn

    uvicorn.Server(uvicorn.Config("app.main:app")).run([sock])


def main() -> None:
    settings = Settings()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((settings.host, settings.port))
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=work, args=(sock,)) for _ in range(settings.web_concurrency or 1)]
    for worker in workers:
        worker.start()
    signal.signal(signal.SIGTERM, lambda *_: [worker.terminate() for worker in workers])
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
