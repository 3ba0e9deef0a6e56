"""What uvicorn understands of the learner's options and commands, by its own reading of a command line, and what the limit does; no server starts."""

import asyncio
import dataclasses
import importlib
import math
import os
import re
from pathlib import Path
from typing import Any
from unittest import mock

import click

#: The program uvicorn; the package has a function of the same name as this module.
UVICORN: click.Command = importlib.import_module("uvicorn.main").main

#: What is told of it.
NAMES = ("host", "port", "workers", "limit_concurrency", "timeout_keep_alive", "limit_max_requests", "limit_max_requests_jitter",
         "timeout_graceful_shutdown", "timeout_worker_healthcheck")


def read(words: list[str], before: list[str] | None = None) -> dict[str, Any]:
    """The settings that uvicorn reads from the arguments of a command, and from variables that the words ``before`` it set, as those of `env` do."""
    with mock.patch.dict(os.environ):
        for name in [name for name in os.environ if name.startswith("UVICORN_") or name == "WEB_CONCURRENCY"]:
            del os.environ[name]
        os.environ.update(word.split("=", 1) for word in before or () if re.match(r"[A-Z_]+=", word))
        try:
            context = UVICORN.make_context("uvicorn", list(words), auto_envvar_prefix="UVICORN")
        except click.ClickException as error:
            return {"refused": error.format_message()}
        told = {name: context.params[name] for name in NAMES}
        if told["workers"] is None and (said := os.environ.get("WEB_CONCURRENCY", "")).isdecimal():  # where uvicorn looks when no option says it
            told["workers"] = int(said)
        return told


def options(profiles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What profile_options() returns for each profile, and what uvicorn reads in it."""
    serve, tuning = importlib.import_module("app.serve"), importlib.import_module("app.tuning")
    told = []
    for fields in profiles:
        value = serve.profile_options(tuning.Profile(**fields))
        good = isinstance(value, list) and all(isinstance(word, str) for word in value)
        told.append({"shown": f"{value!r:.300}", "words": value if good else None, "read": read(["app.main:app", *value]) if good else None})
    return told


def commands(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What server_command() returns for each of these settings, and what uvicorn reads in it; nothing where it isn't found."""
    serve, settings = importlib.import_module("app.serve"), importlib.import_module("app.settings")
    told = []
    for fields in cases:
        words = [str(word) for word in serve.server_command(settings.Settings(**fields))]
        at = next((index for index, word in enumerate(words) if word == "uvicorn" or word.endswith("/uvicorn")), None)
        told.append({"words": words, "read": None if at is None else read(words[at + 1:], words[:at])})
    return told


def decided() -> dict[str, dict[str, Any]]:
    """The two profiles."""
    tuning = importlib.import_module("app.tuning")
    return {name: dataclasses.asdict(getattr(tuning, name)) for name in ("CPU_BOUND", "IO_BOUND")}


def usable(most: int = 0) -> int | None:
    """What usable_cpus() says, of a process that may use so many CPUs at ``most`` where that isn't 0; None where it can't be asked."""
    if most and not hasattr(os, "sched_setaffinity"):
        return None
    if most:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:most])
    try:
        return int(importlib.import_module("app.tuning").usable_cpus())
    except Exception:  # which exercise 4.2 is about
        return None


def usable_rounded_up() -> int:
    """What the solution's usable_cpus() would say if it rounded the quota of this container up."""
    tuning = importlib.import_module("app.tuning")
    exact = tuning._quota(Path("/sys/fs/cgroup"))
    with mock.patch.object(tuning, "_quota", return_value=exact and math.ceil(exact)):
        return int(tuning.usable_cpus())


def decided_on_one_cpu() -> dict[str, dict[str, Any]]:
    """The two profiles where this process may use a single CPU, as from before app.tuning was imported; nothing where a system can't do that."""
    if not hasattr(os, "sched_setaffinity"):
        return {}
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    return decided()


# -- the limit

#: How many requests the limit that is tried lets in.
LIMIT = 2


class _Tried:
    """An InFlightLimit around an application whose requests wait until they are told how to go on."""

    def __init__(self, limit: Any, retry_after: int) -> None:
        self._limit = limit(self._application, LIMIT, retry_after)
        self._ends: dict[str, asyncio.Future[str]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sent: dict[str, list[Any]] = {}

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        self._ends[scope["kata"]] = end = asyncio.get_running_loop().create_future()
        start, streamed = {"type": "http.response.start", "status": 200, "headers": []}, scope["path"].endswith("/streamed")
        if streamed:
            await send(start)
            await send({"type": "http.response.body", "body": b"the first part", "more_body": True})
        if await end == "raises":
            raise RuntimeError("a request that fails")
        if scope["type"] == "http":
            if not streamed:
                await send(start)
            await send({"type": "http.response.body", "body": b""})

    async def ask(self, name: str, path: str = "/work", kind: str = "http") -> str:
        """What becomes of a request, each of another client, at first: ``taken``, a status with its Retry-After, or ``waits``."""
        self._sent[name] = sent = []
        client = (f"192.0.2.{len(self._sent)}", 50000 + len(self._sent))
        scope = {"type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
                 "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [], "client": client,
                 "server": ("127.0.0.1", 8000), "state": {}, "kata": name}

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        self._tasks[name] = asyncio.ensure_future(self._limit(scope, receive, send))
        await self._settle()
        if name in self._ends:
            return "taken"
        if self._tasks[name].done() and (error := self._tasks[name].exception()):
            raise error
        heads = [message for message in sent if message.get("type") == "http.response.start"]
        if not heads:
            return "waits"
        after = [value for key, value in heads[0].get("headers", ()) if key.lower() == b"retry-after"]
        told = f"{heads[0]['status']}, Retry-After {after[0].decode('latin-1') if after else 'missing'}"
        await asyncio.wait({self._tasks[name]}, timeout=5)
        ended = any(message.get("type") == "http.response.body" and not message.get("more_body") for message in sent)
        return told if ended else f"{told}, and no end"

    async def end(self, name: str, how: str = "is answered") -> str:
        """Lets a request go on: it is answered, ``raises``, or is ``cancelled``. How the limit ended then: by itself, or with what exception."""
        if how == "cancelled":
            self._tasks[name].cancel()
        elif name in self._ends and not self._ends[name].done():
            self._ends[name].set_result(how)
        await asyncio.wait({self._tasks[name]}, timeout=5)
        await self._settle()
        task = self._tasks[name]
        error = task.exception() if task.done() and not task.cancelled() else None
        return f"raised {type(error).__name__}" if error else "ended"

    async def close(self) -> None:
        """Ends what is left."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _settle(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)  # for a limit that uses threads


async def limited(retry_after: int) -> list[str]:
    """What becomes of requests to an InFlightLimit of two, one after the other."""
    limit = importlib.import_module("app.limits").InFlightLimit
    tried, other = _Tried(limit, retry_after), _Tried(limit, retry_after)
    seen = []
    try:
        for name, path in (("first", "/work"), ("second", "/work/streamed"), ("third", "/work")):
            seen.append(await tried.ask(name, path))
        for name, path, kind in (("health", "/health", "http"), ("live", "/health/live", "http"), ("healthz", "/healthz", "http"),
                                 ("health of", "/health-db", "http"),
                                 ("other", "/users/health", "http"), ("socket", "/work", "websocket")):
            seen.append(await tried.ask(name, path, kind))
        await tried.end("first")
        seen.append(await tried.ask("health again", "/health"))
        seen.append(await tried.ask("after an answer"))
        seen.append(await tried.end("second", "raises"))
        seen.append(await tried.ask("after a failure"))
        await tried.end("after an answer", "cancelled")
        seen.append(await tried.ask("after one was cancelled"))
        for name in ("health", "live", "socket"):
            await tried.end(name)
        seen.append(await tried.ask("full again"))
        seen.append(await other.ask("elsewhere"))
    finally:
        await tried.close()
        await other.close()
    return seen
