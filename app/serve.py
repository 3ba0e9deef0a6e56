"""How the service is served: a command of uvicorn's, made of the settings. ``python -m app.serve`` becomes that server."""

from app.settings import Settings
from app.tuning import Profile


def server_command(settings: Settings) -> list[str]:
    """The command that serves app.main:app, as a list of its words: the program, then its arguments.

    uvicorn listens on the ``settings``' host and port, with ``web_concurrency`` worker processes. Where that is None, how many there are is
    left open. With a ``profile`` the options of that one of app.tuning.PROFILES are appended (`profile_options`); how many workers there are is up
    to it as well, unless ``web_concurrency`` says so.
    """
    # TODO 4.1: one process uses one CPU, however many there are, and when it dies nobody is left.
    # Goal: uvicorn with as many workers as web_concurrency says, on the host and port of the settings.
    # Tool: uvicorn --help. sys.executable -m uvicorn is the one that belongs to this Python.
    raise NotImplementedError("4.1: server_command() has no command yet")


def profile_options(profile: Profile) -> list[str]:
    """The options of uvicorn's that put a ``profile`` into effect, but for its threads and its limit, of which app/limits.py takes care.

    They are about workers, the time that connections are kept, recycling, and the timeouts of the end and of the health check. A single worker isn't
    recycled: there is nobody who would replace it.
    """
    # TODO 4.6: a profile that nobody puts into effect is a comment.
    # Goal: uvicorn does what the profile says. Then server_command() has to ask for it, where the settings name one.
    # Tool: uvicorn --help. Mind --limit-concurrency: it refuses whoever asks for /health, counts connections that ask nothing, and says nothing of
    # when to come again.
    raise NotImplementedError("4.6: profile_options() has no options yet")


def container_options(settings: Settings) -> list[str]:
    """What a server in a container needs beside that, as options of uvicorn's; server_command() appends them.

    It believes the headers X-Forwarded-For and X-Forwarded-Proto when they come from one of ``settings.trusted_proxies`` (addresses, with
    commas between), and from nobody else. Where neither ``web_concurrency`` nor ``profile`` says how many workers there are, there are as
    many as app.tuning.usable_cpus().
    """
    # TODO 5.4: behind a load balancer every client has the load balancer's address; and whoever comes without one may say that they
    # have any. With a quota of one CPU there is one worker for each CPU of the machine.
    # Goal: who sent a request is what trusted proxies say, and the quota says how many workers.
    # Tool: uvicorn --help, what it says of forwarded headers.
    raise NotImplementedError("5.4: container_options() has no options yet")


def main() -> None:
    """Serves with the environment's settings until the process is told to end by SIGTERM.

    Then requests in flight are answered, and this process is the last to end.
    """
    # TODO 4.1: whoever starts the service knows one process, and sends its SIGTERM to that one.
    # Goal: this process is the server, and not one that has started a server.
    # Tool: os.execvp() replaces the program of a process by another; uvicorn.run() is a way without a second program.
    raise NotImplementedError("4.1: main() serves nothing yet")


if __name__ == "__main__":
    main()
