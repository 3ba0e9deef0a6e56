# Wrong answer to 5.4: only the first of the list.
# Rejected by: test_the_options_follow_the_settings
# Because: So 192\.0\.2\.\d+ would be believed

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
    options = ["--forwarded-allow-ips", settings.trusted_proxies.split(",")[0]]
    if settings.web_concurrency is None and not settings.profile:
        options += ["--workers", str(usable_cpus())]
    return options


def main():
    command = server_command(Settings())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
