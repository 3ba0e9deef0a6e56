# Right answer to 5.4: uvicorn.run() in main(), and options that are written together.

"""How the service is served."""

import sys

import uvicorn

from app.settings import Settings
from app.tuning import usable_cpus


def server_command(settings: Settings) -> list[str]:
    argv = [sys.executable, "-m", "uvicorn", f"--host={settings.host}", f"--port={settings.port}"]
    if settings.web_concurrency is not None:
        argv.append(f"--workers={settings.web_concurrency}")
    argv.extend(container_options(settings))
    argv.append("app.main:app")
    return argv


def container_options(settings: Settings) -> list[str]:
    options = ["--proxy-headers", f"--forwarded-allow-ips={settings.trusted_proxies}"]
    if not (settings.web_concurrency or settings.profile):
        options.append(f"--workers={usable_cpus()}")
    return options


def main() -> None:
    settings = Settings()
    workers = settings.web_concurrency or usable_cpus()
    uvicorn.run("app.main:app", host=settings.host, port=settings.port, workers=workers, forwarded_allow_ips=settings.trusted_proxies)


if __name__ == "__main__":
    main()
