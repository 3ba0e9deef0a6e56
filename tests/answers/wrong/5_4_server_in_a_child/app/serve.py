# Wrong answer to 5.4: the first process has started the server, and waits.
# Rejected by: test_a_request_survives_the_stop
# Because: exit code 137

import os
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
    import subprocess
    sys.exit(subprocess.run(command).returncode)


if __name__ == "__main__":
    main()
