"""Owns one server for a judge, and ends it when the judge is gone, however that ended.

Run as a file of its own, with one JSON object on the first line of its standard input::

    {"argv": […], "cwd": "…", "env": {…}, "user": 65534, "group": 65534, "stop": 2, "remove": ["…"]}

It starts ``argv`` and says ``started <pid>``, or ``failed <why>``. When its standard input ends,
which also happens when the judge is killed, it sends the signal ``stop`` to the server, waits
for it, and removes the folders. With ``undo`` (``{"kind": "postgresql", "url": …, "schema": …}`` or
``{"kind": "redis", "url": …, "prefix": …}``) it takes back at the end what a judge has put into a
server that isn't its own.
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1


def _die_with_the_guard() -> None:
    """In the server's process, before it begins: Linux ends it when the guard itself is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _undo(what: dict[str, Any]) -> None:
    if what["kind"] == "postgresql":
        import psycopg
        from psycopg import sql

        with psycopg.connect(what["url"], connect_timeout=5, autocommit=True) as connection:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(what["schema"])))
    else:
        import redis

        with redis.Redis.from_url(what["url"], socket_timeout=5) as client:
            for key in client.scan_iter(match=f"{what['prefix']}*", count=1000):
                client.delete(key)


def main() -> None:
    """Guards until standard input ends."""
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # the judge ends the guard, by closing its input
        signal.signal(ignored, signal.SIG_IGN)
    task = json.loads(sys.stdin.readline())
    server: subprocess.Popen[bytes] | None = None
    if "argv" in task:
        identity = {"user": task["user"], "group": task["group"], "extra_groups": []} if task.get("user") is not None else {}
        try:
            with open(task["log"], "ab") as log:
                server = subprocess.Popen(
                    task["argv"], cwd=task["cwd"], env={**os.environ, **task.get("env", {})}, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True, preexec_fn=_die_with_the_guard, **identity)
        except (OSError, subprocess.SubprocessError) as error:
            print("failed", error, flush=True)
            return
    print("started", server.pid if server else 0, flush=True)
    sys.stdin.read()
    if server is not None:
        server.send_signal(task["stop"])
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    if "undo" in task:
        with contextlib.suppress(Exception):  # the server may be gone as well
            _undo(task["undo"])
    for folder in task.get("remove", ()):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
