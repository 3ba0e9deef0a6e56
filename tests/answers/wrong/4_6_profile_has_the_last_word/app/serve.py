# Wrong answer to 4.6: WEB_CONCURRENCY is not heard.
# Rejected by: test_the_command_has_the_profile
# Because: a web_concurrency of 7.*WEB_CONCURRENCY has the last word: that is 7 workers, and uvicorn reads --workers \d

"""How the service is served: a command of uvicorn's, made of the settings. ``python -m app.serve`` becomes that server."""

import dataclasses
import os
import sys

from app.settings import Settings
from app.tuning import PROFILES, Profile, usable_cpus


def server_command(settings: Settings) -> list[str]:
    """The command that serves app.main:app, as a list of its words: the program, then its arguments.

    uvicorn listens on the ``settings``' host and port, with ``web_concurrency`` worker processes. Where that is None, how many there are is
    left open. With a ``profile`` the options of that one of app.tuning.PROFILES are appended (`profile_options`); how many workers there are is up
    to it as well, unless ``web_concurrency`` says so.
    """
    # Not "uvicorn" alone: which one that is depends on PATH, and it may belong to another environment.
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", settings.host, "--port", str(settings.port)]
    if settings.profile:
        profile = PROFILES[settings.profile]
        command += profile_options(profile)
    elif settings.web_concurrency is not None:
        command += ["--workers", str(settings.web_concurrency)]
    return [*command, *container_options(settings)]


def profile_options(profile: Profile) -> list[str]:
    """The options of uvicorn's that put a ``profile`` into effect, but for its threads and its limit, of which app/limits.py takes care.

    They are about workers, the time that connections are kept, recycling, and the timeouts of the end and of the health check. A single worker isn't
    recycled: there is nobody who would replace it.
    """
    workers = profile.workers or usable_cpus()
    options = {
        "--workers": workers,
        "--timeout-keep-alive": profile.keep_alive,
        "--timeout-graceful-shutdown": profile.graceful,
        "--timeout-worker-healthcheck": profile.health_check,
    }
    if profile.recycle_after and workers > 1:  # a single worker is the server: when it ends, the service does
        options |= {"--limit-max-requests": profile.recycle_after, "--limit-max-requests-jitter": profile.recycle_jitter}
    return [word for option, value in options.items() if value is not None for word in (option, str(value))]


def container_options(settings: Settings) -> list[str]:
    """What a server in a container needs beside that, as options of uvicorn's; server_command() appends them.

    It believes the headers X-Forwarded-For and X-Forwarded-Proto when they come from one of ``settings.trusted_proxies`` (addresses, with
    commas between), and from nobody else. Where neither ``web_concurrency`` nor ``profile`` says how many workers there are, there are as
    many as app.tuning.usable_cpus().
    """
    # Said in any case: without it uvicorn would take the variable FORWARDED_ALLOW_IPS, in which an image or an orchestrator may have
    # put a *, and then anybody may claim to be anybody.
    options = ["--forwarded-allow-ips", settings.trusted_proxies]
    if settings.web_concurrency is None and not settings.profile:
        options += ["--workers", str(usable_cpus())]
    return options


def main() -> None:
    """Serves with the environment's settings until the process is told to end by SIGTERM.

    Then requests in flight are answered, and this process is the last to end.
    """
    command = server_command(Settings())
    # This process becomes the server: the signals that are sent to it reach uvicorn, with nobody between who would have to pass them on.
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
