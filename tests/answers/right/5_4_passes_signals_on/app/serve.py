# Right answer to 5.4: the first process starts the server, hands the signal on, and tells how it ended.

import signal
import subprocess
import sys

from app.settings import Settings
from app.tuning import usable_cpus


def server_command(settings):
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return command + container_options(settings)


def container_options(settings):
    options = ["--forwarded-allow-ips", settings.trusted_proxies]
    if settings.web_concurrency is None and not settings.profile:
        options += ["--workers", str(usable_cpus())]
    return options


def main():
    command = server_command(Settings())
    server = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: server.send_signal(number))
    code = server.wait()
    sys.exit(0 if code == -signal.SIGTERM else code)


if __name__ == "__main__":
    main()
