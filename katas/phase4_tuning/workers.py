"""The workers of a running server: who they are, each with a request of its own.

Which worker gets a connection is the operating system's choice, and it may well give all of them to one. A worker whose event loop
stands still takes none. So the judge holds them one after the other: the second request can only reach another worker.
"""

import asyncio
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dojo.kata import Red
from dojo.reading import named_file
from dojo.server import Answered, Connection, Server

#: What is laid over a copy for it, at app/main.py.
APPLICATION = Path(__file__).with_name("_workers_app.py").read_text(encoding="utf-8")
OVERLAY = {"app/main.py": APPLICATION, "notes/.keep": ""}

#: How long workers may take to start after the first one, and a request to reach a worker that is free. In seconds; only wrong answers wait so long.
WORKER_PATIENCE = 20.0

_numbers = itertools.count(1)

#: ``python -m app.serve`` where the process may use two CPUs at most: on any machine it is known how many are few, and how many are too many.
ON_TWO_CPUS = [sys.executable, "-c", """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
os.environ["PYTHON_CPU_COUNT"] = "2"  # from Python 3.13 on what os.cpu_count() says
os.execv(sys.executable, [sys.executable, "-m", "app.serve"])
"""]


def noted(path: Path) -> float:
    """The number that the judge's application has noted there; raises `Red` when somebody else has."""
    try:
        return float(named_file(path))
    except (OSError, ValueError):
        raise Red(f"{path.name} isn't what the judge's application has written: your code has changed files in the folder {path.parent.name}, "
                  "which is none of its own.") from None


@dataclass
class Workers:
    """The workers of ``server``, which runs the application of this module."""

    server: Server
    #: Each worker that has answered.
    answered: set[int] = field(default_factory=set)

    @property
    def started(self) -> set[int]:
        """The processes that have started the application, also those that are gone."""
        return {int(number) for path in self._notes.glob("started-*") if (number := path.name.partition("-")[2]).isdecimal()}

    @property
    def _notes(self) -> Path:
        return self.server.root / "notes"

    def noted(self, name: str) -> bool:
        """Whether there is such a note."""
        return (self._notes / name).exists()

    def let(self, name: str) -> None:
        """Puts up a note for the application."""
        (self._notes / name).touch()

    async def are(self, count: int, patience: float = WORKER_PATIENCE) -> bool:
        """Waits until ``count`` processes have started the application; whether they have."""
        return await happens(lambda: len(self.started) >= count, patience)

    async def all_there(self, patience: float = 3.0) -> set[int]:
        """`started`, once each process of the tree that may still do so has started the application, or ``patience`` seconds are over."""
        for _ in range(int(patience / 0.05)):
            known = {*self.started, self.server.pid}
            if all(each["pid"] in known or "resource_tracker" in each["command"] for each in await self.server.tree()):
                break
            await asyncio.sleep(0.05)
        return self.started

    async def take(self, count: int, patience: float = WORKER_PATIENCE) -> "list[Taken]":
        """Holds ``count`` workers, each with a request of its own; fewer when there are no more that take one within ``patience`` seconds."""
        taken: list[Taken] = []
        for _ in range(count):
            name = f"{next(_numbers)}"
            connection = await Connection.open(self.server)
            connection.write(f"GET /hold/{name}?wait HTTP/1.1\r\nhost: kata\r\n\r\n".encode())
            one = Taken(self, name, connection)
            if not await happens(one.held, patience):
                one.drop()
                break
            one.process = int(noted(self._notes / f"held-{name}"))
            taken.append(one)
        return taken


@dataclass
class Taken:
    """A worker that was held by the request ``name``."""

    workers: Workers
    name: str
    connection: Connection
    process: int = 0

    def held(self) -> bool:
        """Whether the request has reached a worker."""
        return self.workers.noted(f"held-{self.name}")

    async def free(self) -> None:
        """Lets its event loop go on; the request still waits."""
        self.workers.let(f"let-{self.name}")
        if not await happens(lambda: self.workers.noted(f"waiting-{self.name}")):
            raise Red(f"A request that was held in the worker {self.process} did not go on.{self.workers.server.told()}")

    def finish(self) -> None:
        """Lets its request go on to its end."""
        self.workers.let(f"let-{self.name}")
        self.workers.let(f"finish-{self.name}")

    async def answer(self, patience: float = WORKER_PATIENCE) -> Answered:
        """The answer to its request; raises ``OSError`` when there is none."""
        async with asyncio.timeout(patience):
            answered = await self.connection.answer()
        if answered.status == 200:  # by the application, and not by uvicorn, which says that something went wrong
            self.workers.answered.add(int(answered.body))
        return answered

    def drop(self) -> None:
        """Hangs up."""
        self.finish()
        self.connection.close()


def processes(count: int) -> str:
    """``1 process``, ``2 processes``."""
    return f"{count} process{'' if count == 1 else 'es'}"


async def happens(what: Callable[[], bool], patience: float = WORKER_PATIENCE) -> bool:
    """Waits until ``what()`` is true; whether it became so. Patience counts the looks, so that a judge that gets no time loses none."""
    for _ in range(int(patience / 0.005)):
        if what():
            return True
        await asyncio.sleep(0.005)
    return what()


async def gathered(workers: Workers, count: int) -> list[Taken]:
    """``count`` workers, each held with a request of its own; raises `Red` when they are more or fewer."""
    server = workers.server
    await alone_is_no_worker(workers, count)
    if not await workers.are(count):
        raise Red(f"WEB_CONCURRENCY was {count}, and {processes(len(workers.started))} started the application.{server.told()}")
    taken = await workers.take(count)
    if len(taken) < count:
        for each in taken:
            each.drop()
        raise Red(f"{count} processes started the application; with {len(taken)} of them held, no other took a request.{server.told()}")
    return taken


async def alone_is_no_worker(workers: Workers, count: int) -> None:
    """Raises `Red` when the process that was started is the only one that serves, though there should be several."""
    await workers.are(1)
    if count > 1 and workers.started == {workers.server.pid} and len(await workers.server.tree()) == 1:
        raise Red(f"WEB_CONCURRENCY was {count}, and one process serves all alone: {workers.server.pid}, the one that was started. On a machine "
                  f"with {count} CPUs, {count - 1} of them have nothing to do.{workers.server.told()}")

