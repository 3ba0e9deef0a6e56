# Wrong answer to 5.4: every client may claim an address.
# Rejected by: test_anybody_may_not_say_that_they_are_somebody
# Because: 203\.0\.113\.9

import sys

import uvicorn

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
    settings = Settings()
    uvicorn.run("app.main:app", host=settings.host, port=settings.port, workers=settings.web_concurrency or usable_cpus(), forwarded_allow_ips="*")


if __name__ == "__main__":
    main()
