"""Locust, in a process of its own: gevent patches the whole interpreter, so it never runs in the judge or in a host.

`Load.run` starts ``locust`` headless on the snapshot of the workspace and reads back as plain data what it wrote:
its statistics, their history, the failures. `Load.web` starts it with its web page. Both end it, with all that it
started, whatever happens. ``load_watch.py`` runs inside and says whether the generator itself was the bottleneck.
"""

import asyncio
import contextlib
import csv
import importlib.util
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from dojo.subject import Inconclusive, Red

#: Locust imports gevent and much more before it begins, on a busy machine for long. In seconds; only ends a hang.
START_PATIENCE = 20.0
#: How long a Locust that was asked to end may take for it before it is killed, in seconds.
END_PATIENCE = 5.0
#: A generator that used more of its one CPU than this could not have sent more.
LARGEST_CPU_SHARE = 0.9
#: A generator that came so late to what it had to do, one time in twenty, measured itself. In seconds.
LARGEST_LAG = 0.05

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
    """

    status: int
    printed: str
    stats: list[dict[str, str]]
    history: list[dict[str, str]]
    failures: list[dict[str, str]]
    generator: Generator | None

    def row(self, name: str) -> dict[str, str]:
        """The row of ``stats`` with this name; empty when there is none."""
        return next((row for row in self.stats if row["Name"] == name), {})

    @property
    def total(self) -> dict[str, str]:
        """The row ``Aggregated``, which Locust writes for all requests together."""
        return self.row("Aggregated")


class Load:
    """Locust on the workspace at ``root``, a folder that holds ``locustfile.py``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def run(self, *users: str, host: str, count: int, seconds: float, spawn_rate: float | None = None,
                  arguments: tuple[str, ...] = (), locustfile: str = "locustfile.py") -> LoadRun:
        """Loads ``host`` with ``count`` users of the classes ``users`` for ``seconds``, ``spawn_rate`` more of them a second.

        Without a rate all come at once. Raises `Red` when Locust can't start with the learner's file or doesn't end.
        """
        with tempfile.TemporaryDirectory(prefix="serving-katas-load-") as folder:
            command = [
                *_locust(self.root / locustfile), "--headless", "--host", host, "--users", str(count), "--spawn-rate", str(spawn_rate or count),
                "--run-time", f"{seconds:g}s", "--csv", f"{folder}/load", "--csv-full-history", "--only-summary", "--loglevel", "WARNING",
                *arguments, *users,
            ]
            process = await _start(command, self.root, folder)
            try:
                printed, _ = await asyncio.wait_for(process.communicate(), seconds + START_PATIENCE)
            except TimeoutError:
                raise Red(f"Locust was told to run for {seconds:g} s and had not ended {START_PATIENCE:g} s after that, the patience limit. "
                          "Does a task, or the import of locustfile.py, never come to its end?") from None
            finally:
                await _end(process)
            return _collected(Path(folder), process.returncode or 0, printed.decode(errors="replace"), self.root)

    @contextlib.asynccontextmanager
    async def web(self, *arguments: str, locustfile: str = "locustfile.py") -> AsyncIterator[httpx.AsyncClient]:
        """Locust with its web page on the loopback interface; gives a client of it. Raises `Red` when it doesn't come up."""
        with tempfile.TemporaryDirectory(prefix="serving-katas-load-") as folder, socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
            found.close()  # Locust can't be given an open socket; a port that was just free stays so for a moment
            log = Path(folder, "log")
            command = [*_locust(self.root / locustfile), "--web-host", "127.0.0.1", "--web-port", str(port), *arguments]
            process = await _start(command, self.root, folder, log)
            try:
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False, timeout=10) as client:
                    for _ in range(int(START_PATIENCE / 0.1)):
                        if process.returncode is not None:
                            raise Red(f"Locust did not start. It said:\n{_end_of(_read(log), self.root)}")
                        with contextlib.suppress(httpx.TransportError):
                            await client.get("/")
                            break
                        await asyncio.sleep(0.1)
                    else:
                        raise Red(f"Locust's web page did not answer within {START_PATIENCE:g} s, the patience limit.")
                    yield client
            finally:
                await _end(process)


def _locust(locustfile: Path) -> list[str]:
    if importlib.util.find_spec("locust") is None:
        raise Inconclusive("Locust isn't installed. nox -s phase3 brings it along; or run\n"
                           "    python3 -m pip install --constraint constraints.txt locust")
    return [sys.executable, "-m", "locust", "-f", f"{_WATCH},{locustfile}"]


async def _start(command: list[str], root: Path, folder: str, log: Path | None = None) -> asyncio.subprocess.Process:
    # The user's own settings for Locust must not decide a verdict.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    environment = {**kept, "DOJO_LOAD": folder, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "HOME": folder}
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("wb")) if log else asyncio.subprocess.PIPE
        # A session of its own, so that what Locust started ends with it.
        return await asyncio.create_subprocess_exec(*command, cwd=root, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=output,
                                                    stderr=asyncio.subprocess.STDOUT, start_new_session=True)


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
    stats = _rows(folder / "stats.csv")
    if not stats:
        raise Red(f"Locust did not start, or wrote no statistics (exit status {status}). It said:\n{_end_of(printed, root)}")
    try:
        generator = Generator(**json.loads((folder / "watch.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        generator = None
    return LoadRun(status, _end_of(printed, root), stats, _rows(folder / "load_stats_history.csv"), _rows(folder / "failures.csv"), generator)


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _end_of(printed: str, root: Path, longest: int = 3000) -> str:
    """The end of what Locust printed; the snapshot's folder means nothing to the learner."""
    return printed.replace(f"{root}{os.sep}", "").strip()[-longest:]


