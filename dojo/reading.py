"""What a kata does with a file that a service reads, or has written: the judge's side of ``files.py``.

A reading has steps: the file is opened, a part is read, the next part. `hold_steps` holds each of
them for all requests, so an answer that does one on a thread and another on the event loop is
seen. `SilentPipe` holds what no gate in the service knows: it is the operating system that waits.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dojo import jail
from dojo.burst import Burst, Observation, Request, Sent, ask_health
from dojo.given import GivenFile, folder_of
from dojo.outside import Call, OutsideGate

if TYPE_CHECKING:
    from dojo.subject import Service

#: No file that a host names is longer, in bytes.
LONGEST_FILE = 16 << 20
#: Whoever reads in more steps is let go: each is a moment only, but a file can be read byte by byte.
STEPS = 40


async def hold_steps(service: "Service", path: str, count: int) -> Observation:
    """Sends ``count`` requests to ``path`` and holds each step that they do at the file (see `Observation`).

    What is counted stands at its first step: ``waiting``, ``places``. What holds the loop at any
    step is among ``blocks``. The service was started with the host's option ``hold_file``.
    """
    await service.close_gate()
    burst = Burst(service, [Request("GET", path)] * count)
    seen = step = await service.gather(count)
    healthy, asked = await ask_health(service, "/health", seen)
    if healthy:
        step = await _read_on(service, step, count + 1)  # /health is among those that are done
    if step.get("held_up") and step is not seen:
        healthy, asked = await ask_health(service, "/health", step)
    await service.open_gate()
    await burst.finish(8.0)
    after = await service.report()
    return Observation(path, count, 0.0, burst.requests, seen, after, healthy, asked, seen.get("held", []), service.host.output())


async def change_between(service: "Service", path: str, change: Callable[[], object]) -> list[Sent]:
    """Sends a request to ``path``, makes the ``change`` of the file once that has opened it, sends another, and lets both read on in turn.

    The two requests, with their responses where they got one. The service was started with the host's option ``hold_file``; where
    another process does the reading nothing is held, and the change comes after the first is answered, or in its midst.
    """
    await service.close_gate()
    first = Burst(service, [Request("GET", path)])
    step = await service.gather(1)
    if any(arrival["what"].startswith("open") for arrival in step.get("held", [])) and await service.release():
        await service.gather(1)
    change()
    second = Burst(service, [Request("GET", path)])
    await _read_on(service, await service.gather(2), 2)
    await service.open_gate()
    for burst in (first, second):
        await burst.finish(8.0)
    return [*first.requests, *second.requests]


async def _read_on(service: "Service", step: dict[str, Any], expected: int) -> dict[str, Any]:
    """Lets the requests go from ``step`` to their next ones, each time when all ``expected`` stand there or are done; what was seen last."""
    steps = 0
    while not step.get("held_up") and not step.get("quiet") and (steps := steps + 1) <= STEPS and await service.release():
        step = await service.gather(expected)
    return step


class SilentPipe(OutsideGate):
    """While closed, a named pipe stands in the place of ``file``: it opens at once, and nothing comes out of it.

    Whoever reads it waits, by whatever means and in whatever process. Who looks first whether it is
    a file, or how large it is, need not read it at all. Opened, it has an end, and the file is back.
    """

    def __init__(self, file: GivenFile) -> None:
        super().__init__("the file")
        self._file = file
        self._writer = -1

    @classmethod
    def is_possible(cls) -> bool:
        """Whether this platform has named pipes."""
        return hasattr(os, "mkfifo")

    def close(self, only: Callable[[Call], bool] | None = None) -> None:
        """Puts the pipe in the file's place."""
        super().close(only)
        self._writer = self._file.close()

    def open(self) -> int:
        """Puts the file back; whoever reads the pipe comes to its end."""
        self._file.open(self._writer)
        return super().open()


def opened(path: str | Path) -> BinaryIO:
    """A file that a host has named to the judge, or has written where the judge looks, to be read. Raises ``OSError``.

    Behind walls it is one that the host itself may have: the judge sees more than the host does, and a link or a name that leads there
    would bring it into a message.
    """
    if jail.current() is None:
        return open(path, "rb")
    with folder_of(path) as (name, folder):
        file = os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FileNotFoundError(f"{path} is no file")
    return file


def named_file(path: str | Path) -> bytes:
    """What such a file holds, as far as anybody needs it."""
    with opened(path) as file:
        return file.read(LONGEST_FILE)
