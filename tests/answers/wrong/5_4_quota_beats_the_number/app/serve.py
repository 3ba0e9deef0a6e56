# Wrong answer to 5.4: the quota holds, whatever was said.
# Rejected by: test_port_and_workers_are_told_from_outside
# Because: 1 worker, expected 2

import os
import sys

from app.settings import Settings
from app.tuning import usable_cpus


def server_command(settings):
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    return command + container_options(settings)


def container_options(settings):
    options = ["--forwarded-allow-ips", settings.trusted_proxies]
    options += ["--workers", str(min(usable_cpus(), settings.web_concurrency or 64))]
    return options


def main():
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
