# Wrong answer to 5.4: after a good end it says that something was wrong.
# Rejected by: test_a_request_survives_the_stop
# Because: exit code 1,

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
    import uvicorn
    settings = Settings()
    uvicorn.run("app.main:app", host=settings.host, port=settings.port, workers=settings.web_concurrency or usable_cpus(), forwarded_allow_ips=settings.trusted_proxies)
    sys.exit(1)


if __name__ == "__main__":
    main()
