"""What a kata does with a file that a service reads, or has written: the judge's side of ``files.py``.

A reading has steps: the file is opened, a part is read, the next part. `hold_steps` holds each of
them for all requests, so an answer that does one on a thread and another on the event loop is
seen. `SilentPipe` holds what no gate in the service knows: it is the operating system that waits.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, BinaryIO

from dojo import jail
from dojo.burst import Burst, Observation, Request, ask_health
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
    steps = 0
    while healthy and not step.get("held_up") and not step.get("quiet") and (steps := steps + 1) <= STEPS and await service.release():
        step = await service.gather(count + 1)  # /health is among those that are done
    if step.get("held_up") and step is not seen:
        healthy, asked = await ask_health(service, "/health", step)
    await service.open_gate()
    await burst.finish(8.0)
    after = await service.report()
    return Observation(path, count, 0.0, burst.requests, seen, after, healthy, asked, seen.get("held", []), service.host.output())


class SilentPipe(OutsideGate):
    """While closed, a named pipe stands in the place of the file at ``path``: it opens at once, and nothing comes out of it.

    Whoever reads it waits, by whatever means and in whatever process. Who looks first whether it is
    a file, or how large it is, need not read it at all. Opened, it has an end, and the file is back.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("the file")
        self._path = path
        self._file = path.with_name(f"{path.name}.file")
        self._writer = -1

    @classmethod
    def is_possible(cls) -> bool:
        """Whether this platform has named pipes."""
        return hasattr(os, "mkfifo")

    def close(self, only: Callable[[Call], bool] | None = None) -> None:
        """Puts the pipe in the file's place."""
        super().close(only)
        self._file.write_bytes(self._path.read_bytes())
        pipe = self._path.with_name(f"{self._path.name}.pipe")
        os.mkfifo(pipe)
        self._writer = os.open(pipe, os.O_RDWR)  # somebody who may yet write: so opening doesn't wait, and there is no end
        os.replace(pipe, self._path)

    def open(self) -> int:
        """Puts the file back; whoever reads the pipe comes to its end."""
        os.replace(self._file, self._path)
        os.close(self._writer)
        return super().open()


def opened(path: str | Path) -> BinaryIO:
    """A file that a host has named to the judge, or has written where the judge looks, to be read. Raises ``OSError``.

    Behind walls it is one that the host itself may have: the judge sees more than the host does, and a link or a name that leads there
    would bring it into a message.
    """
    walls = jail.current()
    if walls is None:
        return open(path, "rb")
    top = os.path.realpath(walls.open)
    named = PurePath(os.path.normpath(path))
    below = next((named.relative_to(each) for each in (walls.open, top) if named.is_relative_to(each)), None)
    if below is None or not below.parts:
        raise FileNotFoundError(f"{path} is no file of the service's")
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in below.parts[:-1]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = deeper
        file = os.fdopen(os.open(below.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb")
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise FileNotFoundError(f"{path} is no file")
    return file


def named_file(path: str | Path) -> bytes:
    """What such a file holds, as far as anybody needs it."""
    with opened(path) as file:
        return file.read(LONGEST_FILE)
