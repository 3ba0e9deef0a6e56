# Wrong answer to 5.4: the networks of Docker are trusted, in which everybody is.
# Rejected by: test_the_options_follow_the_settings
# Because: 10\.0\.0\.0/8, .* would be believed

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
    options = ["--forwarded-allow-ips", settings.trusted_proxies + ",10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"]
    if settings.web_concurrency is None and not settings.profile:
        options += ["--workers", str(usable_cpus())]
    return options


def main():
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
