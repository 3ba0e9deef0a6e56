# Wrong answer to 5.4: the quota holds, whatever was said.
# Rejected by: test_the_options_follow_the_settings
# Because: WEB_CONCURRENCY is \d, .* So uvicorn starts 1, expected

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
