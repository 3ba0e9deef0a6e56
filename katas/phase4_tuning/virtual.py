"""Services on a virtual CPU: so many workers, threads and processes, loaded until it is clear how many of them compute at once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

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
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
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
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return seen

    def _waits(self) -> int:
        return len(list(self.gate.glob("waits-*")))


@contextlib.asynccontextmanager
async def machine(root: Path, folder: Path, cores: int, workers: int, threads: int = 0, processes: int = 0) -> AsyncIterator[Machine]:
    """A service with so many workers, each of which computes as a plan says, on a machine of ``cores``; ``folder`` is an empty one for it."""
    cpu, gate, port = VirtualCpu(folder / "cpu", cores), folder / "gate", Port()
    gate.mkdir()
    env = {**cpu.environment, "PYTHONPATH": str(ROOT), "PLAN_THREADS": str(threads), "PLAN_PROCESSES": str(processes), "PLAN_GATE": str(gate)}
    command = uvicorn(APPLICATION, port.number, workers, "--lifespan", "off", "--no-access-log", "--log-level", "warning")
    try:
        async with serving(root, command, port, env=env, shared=[folder]) as server:
            yield Machine(server, cpu, gate)
    finally:
        port.close()
