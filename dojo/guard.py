"""Owns a temporary folder and the server in it for a judge, and ends both when the judge is gone, however that ended.

Run as a file of its own, it takes requests from its standard input, one JSON object a line, and
answers each with one. When its input ends, which also happens when the judge is killed, it ends
the server, takes back what was put into a user's own server, and removes the folder. So the
folder has an owner from its first moment on, and nothing that is begun in it stays without one.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

#: How long a program may take to end before it is killed, in seconds.
ENDING_PATIENCE = 5.0

#: How long a container engine may take for one command, in seconds.
ENGINE_PATIENCE = 60.0

_PR_SET_PDEATHSIG = 1
# Loaded before any process is forked: in the child there may be no time for it, nor locks that are free.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Guard:
    """What one judge has asked for so far; each ``do_…`` is a request of that name."""

    def __init__(self) -> None:
        self._folder = ""
        self._server: subprocess.Popen[bytes] | None = None
        self._stop = 0
        self._undo: dict[str, Any] | None = None

    def do_folder(self, prefix: str, base: str | None) -> dict[str, Any]:
        """Makes the folder."""
        self._folder = tempfile.mkdtemp(prefix=prefix, dir=base)
        return {"folder": self._folder}

    def do_run(self, argv: list[str], typed: str, user: list[int] | None, patience: float) -> dict[str, Any]:
        """Runs a program to its end; ``typed`` is its standard input."""
        done = subprocess.run(argv, input=typed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=patience, check=False, **self._options(user, signal.SIGTERM))
        return {"code": done.returncode, "said": done.stdout}

    def do_start(self, argv: list[str], user: list[int] | None, stop: int) -> dict[str, Any]:
        """Starts the server, which the signal ``stop`` will end; what it says goes to the file ``log``."""
        self._stop = stop
        with open(os.path.join(self._folder, "log"), "wb") as log:
            self._server = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._options(user, stop))
        return {"pid": self._server.pid}

    def do_state(self) -> dict[str, Any]:
        """The server's exit status; None while it runs."""
        return {"ended": self._server.poll() if self._server else None}

    def do_stop(self) -> dict[str, Any]:
        """Ends the server."""
        if self._server is not None:
            self._server.send_signal(self._stop)
            try:
                self._server.wait(ENDING_PATIENCE)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._server = None
        return {}

    def do_undo(self, **what: Any) -> dict[str, Any]:
        """Notes what to take back at the end.

        A ``schema`` of a PostgreSQL at ``url``, the keys of a Redis that begin with ``prefix``, or what a container ``engine`` has with a ``label``.
        """
        self._undo = what
        return {}

    def end(self) -> None:
        """Leaves nothing behind."""
        self.do_stop()
        if self._undo:
            with contextlib.suppress(Exception):  # the server may be gone as well
                _take_back(**self._undo)
        until = time.monotonic() + ENDING_PATIENCE
        while self._folder and time.monotonic() < until:
            shutil.rmtree(self._folder, ignore_errors=True)
            if not os.path.exists(self._folder):
                break
            time.sleep(0.05)  # the children of a killed server may still write in it

    def _options(self, user: list[int] | None, stop: int) -> dict[str, Any]:
        # Not the judge's whole environment: it may hold secrets, and settings of PostgreSQL's.
        environment = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
        identity: dict[str, Any] = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        return {"cwd": self._folder, "env": {**environment, "LC_ALL": "C", "TZ": "UTC"}, "start_new_session": True,
                "preexec_fn": lambda: end_with_the_parent(stop), **identity}


def end_with_the_parent(stop: int) -> None:
    """In the new process, before its program begins: Linux sends it ``stop`` when its parent, such as the guard, is killed."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, stop)


def _take_back(url: str = "", schema: str = "", prefix: str = "", engine: str = "", label: str = "", project: str = "", folder: str = "") -> None:
    if engine:
        _remove_containers(engine, label, project)
        shutil.rmtree(folder, ignore_errors=True)
    elif schema:
        import psycopg
        from psycopg import sql

        for _ in range(3):  # a service that is being ended may still hold a lock
            with contextlib.suppress(psycopg.errors.LockNotAvailable), psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
                connection.execute("set lock_timeout = '3s'")
                connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
                return
    else:
        import redis

        with redis.Redis.from_url(url, socket_timeout=5) as client:
            keys = list(client.scan_iter(match=f"{prefix}*", count=1000))
            for first in range(0, len(keys), 1000):
                client.delete(*keys[first:first + 1000])


def _remove_containers(engine: str, label: str, project: str) -> None:
    """Removes what a container engine has of the judge: what carries its ``label``, or is of one of its Compose projects."""

    def run(*arguments: str) -> list[str]:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run([engine, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  timeout=ENGINE_PATIENCE, check=False)
            return done.stdout.split("\n")
        return []

    def ours(listing: list[str], value: str) -> set[str]:
        found = {line for line in run(*listing, "--filter", f"label={label}", "--format", value) if line}
        # Compose puts labels of its own on what it makes.
        of_compose = '{{.Label "com.docker.compose.project"}} ' + value
        found |= {line.partition(" ")[2] for line in run(*listing, "--filter", "label=com.docker.compose.project", "--format", of_compose)
                  if line.startswith(project)}
        return found

    for _ in range(10):  # what was asked for just before the judge was killed may come only now
        left = 0
        kinds = ((["ps", "--all"], "{{.ID}}", ["rm", "--force", "--volumes"]), (["network", "ls"], "{{.ID}}", ["network", "rm"]),
                 (["volume", "ls"], "{{.Name}}", ["volume", "rm", "--force"]))
        for listing, value, removing in kinds:
            names = ours(listing, value)
            left += len(names)
            for name in names:
                run(*removing, name)
        # Images by their tags: an image without one is in the engine's cache. Compose calls those that it builds by its project.
        names = {line for told in (f"label={label}", f"reference={project}*")
                 for line in run("images", "--all", "--filter", told, "--format", "{{.Repository}}:{{.Tag}} {{.ID}}") if line}
        names = {tag if "<none>" not in tag else number for tag, _, number in (name.partition(" ") for name in names)}
        left += len(names)
        for name in names:
            run("rmi", "--force", name)
        if not left:
            return
        time.sleep(0.2)


def main() -> None:
    """Answers the judge until it is gone."""
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):  # the end of its input ends the guard; a handler, as children would inherit SIG_IGN
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: None)
    guard = Guard()
    try:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = getattr(guard, f"do_{request.pop('do')}")(**request)
            except (OSError, subprocess.SubprocessError) as error:
                answer = {"failed": str(error), "denied": isinstance(error, PermissionError)}
            print(json.dumps(answer), flush=True)
    finally:  # also when the judge is gone before it has read an answer
        guard.end()


if __name__ == "__main__":
    main()
