"""Services on a virtual CPU: so many workers, threads and processes, loaded until it is clear how many of them compute at once."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dojo.kata import Inconclusive
from dojo.server import Answered, Port, Server, serving, uvicorn
from dojo.virtual_cpu import Hold, VirtualCpu
from dojo.workspace import ROOT

APPLICATION = "katas.phase4_tuning._planned_app:app"

#: How long a load goes on at most when it is not clear yet, in seconds. It is over within one unless the machine is very busy.
PATIENCE = 20.0


@dataclass(frozen=True)
class Machine:
    """A service that computes on a virtual CPU of so many cores."""

    server: Server
    cpu: VirtualCpu
    gate: Path

    async def load(self, path: str, clients: int, enough: Callable[[list[Hold]], bool]) -> list[Hold]:
        """What was computed while so many ``clients``, each on a new connection every time, asked for ``path`` until it is ``enough``."""
        before, until = len(self.cpu.holds()), time.monotonic() + PATIENCE
        over = False

        async def client() -> None:
            while not over:
                await self.server.get(path)

        tasks = [asyncio.create_task(client()) for _ in range(clients)]
        try:
            while not enough(self.cpu.holds()[before:]) and time.monotonic() < until and not any(task.done() for task in tasks):
                await asyncio.sleep(0.02)
            over = True
            await self._all(tasks)
        finally:
            await _cancelled(tasks)
        return self.cpu.holds()[before:]

    async def waiting(self, clients: int, expected: int, *, blocking: bool = False) -> int:
        """How many of ``clients`` wait at the same time, once ``expected`` do; then they are let go.

        They come one after the other until then: all at once they may end up with one worker, which takes what it finds.
        """
        path, until = f"/wait{'?blocking' if blocking else ''}", time.monotonic() + PATIENCE
        tasks: list[asyncio.Task[Answered]] = []
        try:
            for number in range(clients):
                tasks.append(asyncio.create_task(self.server.get(path, 2 * PATIENCE)))
                while self._waits() < min(number + 1, expected) and time.monotonic() < until and not any(task.done() for task in tasks):
                    await asyncio.sleep(0.005)
            seen = self._waits()
            (self.gate / "open").touch()
            await self._all(tasks)
        finally:
            await _cancelled(tasks)
        return seen

    async def _all(self, tasks: Sequence[asyncio.Task[Any]]) -> None:
        """Waits for all answers; the service is the kata's own, so it is nobody's mistake when one doesn't come."""
        try:
            await asyncio.gather(*tasks)
        except OSError as error:
            raise Inconclusive(f"a request to the kata's own service was not answered ({error or type(error).__name__}): the machine may be too "
                               f"busy.{self.server.told()}") from None

    def _waits(self) -> int:
        return len(list(self.gate.glob("waits-*")))


def rate(holds: Sequence[Hold]) -> str:
    """How many requests a second these were, in words. It is shown and never judged: the machine has as much a part in it as the plan."""
    seconds = max((hold.ended for hold in holds), default=0.0) - min((hold.began for hold in holds), default=0.0)
    return f"{len(holds) / seconds:.0f} requests/s" if seconds > 0 else "no requests"


def load() -> str:
    """What this machine has to do besides, in words."""
    cpus = f"{os.cpu_count() or 1} CPUs"
    return f"a machine of {cpus} with a load of {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else f"a machine of {cpus}"


async def _cancelled(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


#: Options of all servers here. A worker that gets too little of the CPU to say that it lives is not to be replaced.
OPTIONS = ("--lifespan", "off", "--no-access-log", "--log-level", "warning", "--timeout-worker-healthcheck", "120")


@contextlib.asynccontextmanager
async def machine(root: Path, folder: Path, cores: int, workers: int, threads: int = 0, processes: int = 0) -> AsyncIterator[Machine]:
    """A service with so many workers, each of which computes as a plan says, on a machine of ``cores``; ``folder`` is an empty one for it."""
    cpu, gate, port = VirtualCpu(folder / "cpu", cores), folder / "gate", Port()
    gate.mkdir()
    env = {**cpu.environment, "PYTHONPATH": str(ROOT), "PLAN_THREADS": str(threads), "PLAN_PROCESSES": str(processes), "PLAN_GATE": str(gate)}
    command = uvicorn(APPLICATION, port.number, workers, *OPTIONS)
    try:
        async with serving(root, command, port, env=env, shared=[folder]) as server:
            yield Machine(server, cpu, gate)
    finally:
        port.close()
