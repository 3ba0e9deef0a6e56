"""Locust, in a process of its own: gevent patches the whole interpreter, so it never runs in the judge or in a host.

`Load.run` starts ``locust`` headless on a copy of the workspace's snapshot and reads back as plain data what it wrote:
its statistics, their history, the failures. `Load.web` starts it with its web page, `Load.found` lets it say what it
finds in the locustfile. All of them end it, with all that it started, whatever happens. ``load_watch.py`` runs inside: it says
whether the generator itself was the bottleneck, what tasks raised, and how each answer was counted.
"""

import asyncio
import contextlib
import csv
import importlib.util
import io
import json
import math
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from dojo import jail, replies
from dojo.evidence import cut
from dojo.reading import named_file
from dojo.subject import Inconclusive, Red

#: Locust imports gevent and much more before it begins, on a busy machine for long. In seconds; only ends a hang.
START_PATIENCE = 20.0
#: How long a Locust that was asked to end may take for it before it is killed, in seconds.
END_PATIENCE = 5.0
#: How many bytes of what Locust printed are read: the last ones.
PRINTED_KEPT = 1 << 18
#: A generator that used more of its one CPU than this could not have sent more.
LARGEST_CPU_SHARE = 0.9
#: A generator that came so late to what it had to do, one time in twenty, measured itself. In seconds.
LARGEST_LAG = 0.05

#: The name of an answer's header whose number says how that answer was counted: `LoadRun.judged`.
TAG = "x-answer"

#: What may come of reading a file that somebody else may have written, in whatever shape.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError, csv.Error)

_WATCH = Path(__file__).with_name("load_watch.py")


@dataclass(frozen=True)
class Generator:
    """The load generator's own part: CPU time per second of load, and how late its event loop was, in seconds."""

    cpu_share: float
    lag_p95: float
    lag_max: float

    def strained(self) -> str:
        """Why the generator itself may have been the bottleneck; empty when it was not."""
        if self.cpu_share > LARGEST_CPU_SHARE:
            return f"the load generator used {self.cpu_share:.0%} of a CPU, all that one process can: it may have been the bottleneck itself"
        if self.lag_p95 > LARGEST_LAG:
            return (f"the load generator's own event loop was late by {self.lag_p95 * 1000:.0f} ms, one time in twenty: "
                    "the machine is too busy to tell whose time it was")
        return ""


@dataclass(frozen=True)
class LoadRun:
    """What came of one run: Locust's exit status, what it printed, and its statistics as mappings of the columns of its CSV files.

    ``stats`` and ``failures`` are those at the end, unlike the CSV files, which may lack the last second.
    ``stats`` has a row for each name and the row ``Aggregated``; ``history`` has one for each second and name.
    ``errors`` are the exceptions that tasks raised, each in the shape that `dojo.evidence.raised` tells, with its ``count``.
    ``judged`` has an entry for each answer that had a number in its header `TAG`: how often it was counted, and how often as failed.
    ``unnumbered`` are the same two numbers for all other requests: those that were not answered.
    ``pauses``: for how long users asked to sleep between an answer that had a number and their next request, where they did.
    """

    status: int
    printed: str
    stats: list[dict[str, str]]
    history: list[dict[str, str]]
    failures: list[dict[str, str]]
    generator: Generator | None
    errors: list[dict[str, Any]] = field(default_factory=list)
    judged: dict[int, tuple[int, int]] = field(default_factory=dict)
    unnumbered: tuple[int, int] = (0, 0)
    pauses: list[float] = field(default_factory=list)

    def row(self, name: str) -> dict[str, str]:
        """The row of ``stats`` with this name; empty when there is none."""
        return next((row for row in self.stats if row["Name"] == name), {})

    @property
    def total(self) -> dict[str, str]:
        """The row ``Aggregated``, which Locust writes for all requests together."""
        return self.row("Aggregated")


@dataclass(frozen=True)
class UserClass:
    """One of the users that Locust finds in a locustfile.

    ``kinds``: the names of its classes, its own first. ``shares``: what part of its tasks each one is, empty where tasks nest.
    ``waits``: what its own ``wait_time`` gave when it was asked some hundred times, in seconds; None where that says nothing.
    """

    name: str
    kinds: list[str]
    shares: dict[str, float]
    waits: list[float] | None


@dataclass(frozen=True)
class Found:
    """What Locust finds in a locustfile: its users, and the names of the load shapes, of which it takes the first for every run."""

    users: list[UserClass]
    shapes: list[str]


class Load:
    """Locust on the workspace at ``root``, a snapshot that holds ``locustfile.py``; Locust's own files are made beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @contextlib.contextmanager
    def _folder(self) -> Iterator[tuple[str, Path]]:
        """A folder for Locust's files, and in it a copy of the workspace, which a locustfile may write to: what other katas judge is the snapshot."""
        # Beside the snapshot: who removes that when the judge is killed removes this as well.
        with tempfile.TemporaryDirectory(prefix="serving-katas-load-", dir=jail.shared_folder() or self.root.parent,
                                         ignore_cleanup_errors=True) as folder:
            yield folder, shutil.copytree(self.root, Path(folder).resolve() / "workspace", symlinks=True)

    async def run(self, *users: str, host: str, count: int = 1, seconds: float, spawn_rate: float | None = None, shape: str = "",
                  arguments: tuple[str, ...] = (), locustfile: str = "locustfile.py", enough: Callable[[], bool] | None = None) -> LoadRun:
        """Loads ``host`` with ``count`` users of the classes ``users`` for ``seconds``, ``spawn_rate`` more of them a second.

        Without a rate all come at once. Locust knows whole seconds only, so ``seconds`` is rounded up. It ends before that
        as soon as ``enough()`` is true, or when tasks raise and raise. ``shape``, the name of a LoadTestShape, is switched on
        by the variable LOAD_SHAPE: it decides how many users there are, and ``seconds`` is how long it may take.
        The workspace's ``locust.conf`` has no part in it. Raises `Red` when Locust can't start with the learner's file or doesn't end.
        """
        with self._folder() as (folder, root):
            size = () if shape else ("--users", str(count), "--spawn-rate", str(spawn_rate or count), "--run-time", f"{math.ceil(seconds)}s")
            command = [
                *_locust(root / locustfile), "--headless", "--host", host, *size,
                "--csv", f"{folder}/load", "--csv-full-history", "--only-summary", "--loglevel", "WARNING", *arguments, *users,
            ]
            process = await _start(command, root, folder, shape=shape)
            stopping = asyncio.create_task(_stop_when(enough, Path(folder, "stop"))) if enough else None
            try:
                printed = await asyncio.wait_for(_printed(process), seconds + START_PATIENCE)
            except TimeoutError:
                raise Red(f"Locust was told to run for {seconds:g} s and had not ended {START_PATIENCE:g} s after that, the patience limit. "
                          "Does a task, or the import of locustfile.py, never come to its end?") from None
            finally:
                if stopping is not None:
                    stopping.cancel()
                await _end(process)
            return _collected(Path(folder), process.returncode or 0, printed, root)

    async def found(self, locustfile: str = "locustfile.py") -> Found:
        """What Locust finds in the locustfile; raises `Red` with what Locust said when it can't load it."""
        with self._folder() as (folder, root):
            process = await _start([*_locust(root / locustfile), "--list"], root, folder)
            try:
                printed = await asyncio.wait_for(_printed(process), START_PATIENCE)
            except TimeoutError:
                raise Red(f"Locust did not come to the end of importing locustfile.py within {START_PATIENCE:g} s, the patience limit. "
                          "A locustfile only defines users; whatever takes time belongs into their tasks.") from None
            finally:
                await _end(process)
            return _found(Path(folder, "found.json"), process.returncode or 0, printed, root)

    @contextlib.asynccontextmanager
    async def web(self, *arguments: str, locustfile: str = "locustfile.py") -> AsyncIterator[httpx.AsyncClient]:
        """Locust with its web page, as the workspace's ``locust.conf`` and ``arguments`` say, but on a port that is free; gives a client of it.

        Raises `Red` when it doesn't come up.
        """
        with self._folder() as (folder, root), socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
            found.close()  # Locust can't be given an open socket; a port that was just free stays so for a moment
            log = Path(folder, "log")
            command = [*_locust(root / locustfile), "--web-port", str(port), *arguments]
            process = await _start(command, root, folder, log, at_home=True)
            try:
                address = await _answering(process, port, log, root)
                async with replies.client(kind=_PageClient, base_url=address, timeout=10) as client:
                    yield client
            finally:
                await _end(process)


class _PageClient(httpx.AsyncClient):
    """One of Locust's page, which may end in the middle of a load as ``locust.conf`` says."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """One exchange; raises `Red`, or `Inconclusive` when it takes too long: nothing of the learner's runs where the page is made."""
        asked = f"{request.method} {request.url.path} of Locust's web page"
        try:
            return await super().send(request, **options)
        except httpx.TimeoutException:
            raise Inconclusive(f"{asked} was not answered within {request.extensions['timeout']['read']:g} s: the machine is too busy") from None
        except httpx.HTTPError as error:
            raise Red(f"{asked} was not answered, after it had come up ({type(error).__name__}: {error}). Does locust.conf start a load by itself, "
                      "or end Locust after a time? The page is to stay until it is ended by hand.") from None


async def _answering(process: asyncio.subprocess.Process, port: int, log: Path, root: Path) -> str:
    """Where Locust's page answers, as soon as it does."""
    async with replies.client(timeout=10) as client:
        for _ in range(int(START_PATIENCE / 0.1)):
            if process.returncode is not None:
                raise Red(f"Locust ended instead of showing its web page (exit status {process.returncode}). It said:\n"
                          f"{indented(_end_of(_read(log), root))}")
            for address in (f"http://127.0.0.1:{port}", f"http://[::1]:{port}"):
                with contextlib.suppress(httpx.HTTPError):
                    await client.get(address)
                    return address
            await asyncio.sleep(0.1)
    said = indented(_end_of(_read(log), root))
    raise Red(f"Locust's web page did not answer within {START_PATIENCE:g} s, the patience limit. It said:\n{said}")


async def _stop_when(enough: Callable[[], bool], sign: Path) -> None:
    """Puts up the sign at which ``load_watch.py`` ends the run."""
    while not enough():  # noqa: ASYNC110  # it looks at what others have seen, and they know of no event
        await asyncio.sleep(0.01)
    sign.touch()  # noqa: ASYNC240  # a file that is empty


def _locust(locustfile: Path) -> list[str]:
    if importlib.util.find_spec("locust") is None:
        raise Inconclusive("Locust isn't installed. nox -s phase3 brings it along; or run\n"
                           "    python3 -m pip install --constraint constraints.txt locust")
    return [sys.executable, "-m", "locust", "-f", f"{_WATCH},{locustfile}"]


async def _start(command: list[str], root: Path, folder: str, log: Path | None = None, *, shape: str = "",
                 at_home: bool = False) -> asyncio.subprocess.Process:
    # The user's own settings for Locust must not decide a verdict; nor does the learner's locust.conf, unless Locust runs beside it.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_") and name != "LOAD_SHAPE"}
    environment = {**kept, "DOJO_LOAD": folder, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "HOME": folder,
                   **({"LOAD_SHAPE": shape} if shape else {})}
    command = jail.around_the_learner(command, folder, root, *jail.given())
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("wb")) if log else asyncio.subprocess.PIPE
        # A session of its own, so that what Locust started ends with it.
        return await asyncio.create_subprocess_exec(
            *command, cwd=root if at_home else folder, env=jail.environment(environment),
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.STDOUT, start_new_session=True)


async def _printed(process: asyncio.subprocess.Process) -> str:
    """The end of what Locust prints, as soon as it has ended; a locustfile can print more than the judge has room for."""
    assert process.stdout is not None
    printed = b""
    while more := await process.stdout.read(1 << 16):
        printed = (printed + more)[-PRINTED_KEPT:]
    await process.wait()
    return printed.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT if os.name == "nt" else signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_PATIENCE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    await process.wait()


def _collected(folder: Path, status: int, printed: str, root: Path) -> LoadRun:
    with _as_written(printed, root):
        stats = _rows(folder / "stats.csv")
    if not stats:
        raise Red(f"Locust did not start, or wrote no statistics (exit status {status}). It said:\n{indented(_end_of(printed, root))}")
    with _as_written(printed, root):
        failures, history = _rows(folder / "failures.csv"), _rows(folder / "load_stats_history.csv")
        if any(row["Name"] is None or min(int(row["Request Count"]), int(row["Failure Count"])) < 0 for row in stats):
            raise ValueError("a row of the statistics is damaged")
        if not any(row["Name"] == "Aggregated" for row in stats) or any(None in (row["Occurrences"], row["Error"]) for row in failures):
            raise ValueError("a row is missing, or damaged")
        seen = json.loads(_read(folder / "seen.json"))
        judged = {int(number): (int(counted), int(failed)) for number, (counted, failed) in seen["judged"].items()}
        counted, failed = map(int, seen["unnumbered"])
        errors = [{"type": str(each["type"]), "message": str(each["message"]), "frames": [_place(frame) for frame in each["frames"]],
                   "count": int(each["count"])} for each in seen["errors"]]
        pauses = [float(each) for each in seen["pauses"]]
    try:
        watched = json.loads(_read(folder / "watch.json"))
        generator = Generator(*(float(watched[name]) for name in ("cpu_share", "lag_p95", "lag_max")))
    except UNREADABLE:
        generator = None
    return LoadRun(status, _end_of(printed, root), stats, history, failures, generator, errors, judged, (counted, failed), pauses)


def _place(frame: dict[str, Any]) -> dict[str, Any]:
    return {"file": str(frame["file"]), "line": int(frame["line"] or 0), "text": str(frame["text"] or "")}


@contextlib.contextmanager
def _as_written(printed: str, root: Path) -> Iterator[None]:
    """While what was noted inside of Locust is read: the learner's code runs in that process, and what it may have done to the files is its own."""
    try:
        yield
    except UNREADABLE as error:
        why = cut(str(error).replace(f"{root.parent}{os.sep}", ""), 200)
        said = indented(_end_of(printed, root)) or "    nothing"
        raise Red("Locust ran, and what the dojo notes in its process isn't there or can't be read. Does the locustfile end that process "
                  "(os._exit, a signal), remove or write files that aren't its own, or replace parts of Locust's?\n"
                  f"The error was {type(error).__name__}: {why}\nLocust said:\n{said}") from None


def _found(file: Path, status: int, printed: str, root: Path) -> Found:
    if "load_locustfile_pytest" in printed:  # a file without users is one of pytest's to Locust; what it says then is about something else
        return Found([], [])
    if status or not file.is_file():
        shown = indented(_end_of(printed, root))
        # A traceback of a library's may be longer than what is shown.
        own = re.findall(r'File "((?:app[/\\]\S+|locustfile)\.py)", line (\d+)', _end_of(printed, root, 20_000))
        where = "" if not own or f'File "{own[-1][0]}", line {own[-1][1]}' in shown else f"\nraised at {own[-1][0]}:{own[-1][1]}"
        raise Red(f"Locust can't load locustfile.py (exit status {status}). It said:\n{shown}{where}")
    with _as_written(printed, root):
        found = json.loads(_read(file))
        users = [UserClass(str(each["name"]), list(map(str, each["kinds"])), {str(name): float(share) for name, share in each["shares"].items()},
                           None if each["waits"] is None else list(map(float, each["waits"]))) for each in found["users"]]
        shapes = list(map(str, found["shapes"]))
    listed = {line.strip() for line in printed.splitlines()}
    if users and not any(each.name in listed for each in users):
        # That is no failure to anybody who looks at the status: the file has been imported as far as it goes.
        raise Red("Locust ended while it imported locustfile.py, with exit status 0 and before it had listed the users in it. "
                  f"Does the file call sys.exit()? It said:\n{indented(_end_of(printed, root)) or '    nothing'}")
    return Found(users, shapes)


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    return list(csv.DictReader(io.StringIO(_read(file), newline="")))


def _read(file: Path) -> str:
    return named_file(file).decode(errors="replace")


def _end_of(printed: str, root: Path, longest: int = 3000) -> str:
    """The end of what Locust printed; the snapshot's folder means nothing to the learner."""
    return printed.replace(f"{root}{os.sep}", "").strip()[-longest:]


def indented(text: str, most: int = 10) -> str:
    """What Locust said, in lines that aren't wrapped: the last ones, where a traceback says what it is about."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-most:])
