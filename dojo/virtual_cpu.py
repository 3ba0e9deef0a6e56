"""A machine with so many cores, of which the real one knows nothing: whoever computes takes a core and keeps it for a while, asleep.

How much faster two workers are than one depends on what else runs on a machine. Whether two of them *compute at the same time* does
not. So this machine's cores are lock files, which any process may take, and to compute is to hold one of them and to sleep in a C call
that keeps the GIL, as a loop in Python would. Server, sockets, event loops and the GIL stay real. Each hold is noted by the process
itself; the judge reads the notes afterwards: `peak` is how many were seen to compute at once, which no noise can raise above what
was possible. It shows the same on a single real core.

In the service: ``virtual_cpu.compute(0.02)``. The judge makes a `VirtualCpu` and gives the service its ``environment``.
"""

import ctypes
import fcntl
import itertools
import os
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dojo.evidence import Picture

#: Where a service finds the machine: the folder of its cores and notes, and how many cores it has.
FOLDER, CORES = "VIRTUAL_CPU_FOLDER", "VIRTUAL_CPU_CORES"

#: How long somebody who finds no core free sleeps before looking again, in microseconds.
_GLANCE = 500

#: Room for a name and its row in a picture, which has to fit below an exercise in a terminal.
_WIDTH = 65

_NOTE = struct.Struct("<qqqddd")
# A PyDLL's functions keep the GIL, those of a CDLL give it up.
_keeping, _giving_up = ctypes.PyDLL(None), ctypes.CDLL(None)
for _library in (_keeping, _giving_up):
    _library.usleep.argtypes = [ctypes.c_uint]

#: The GIL of this module: a thread that is about to hold a core must not be overtaken by another one of its process.
_one = threading.Lock()
_opened = threading.local()


@dataclass(frozen=True)
class Hold:
    """A core that was held: by which process and thread, since when it was wanted, from when until when; seconds of the monotonic clock."""

    process: int
    thread: int
    core: int
    wanted: float
    began: float
    ended: float


def compute(seconds: float, *, gil_released: bool = False) -> None:
    """Computes for ``seconds`` on a core of the virtual machine, once one is free.

    Like Python's own code, it keeps the GIL meanwhile, so of the threads of one process only one computes at a time;
    with ``gil_released`` it is like a library in C that gives the GIL up.
    """
    if gil_released:
        _hold(seconds, _giving_up)
    else:
        with _one:
            _hold(seconds, _keeping)


def _hold(seconds: float, library: ctypes.CDLL) -> None:
    cores, notes = _files()
    wanted = time.monotonic()
    core = _take(cores, library)
    began = now = time.monotonic()
    while (left := began + seconds - now) > 0:  # a signal may end a sleep
        library.usleep(min(int(left * 1e6) + 1, 900_000))
        now = time.monotonic()
    fcntl.flock(cores[core], fcntl.LOCK_UN)
    os.write(notes, _NOTE.pack(os.getpid(), threading.get_ident(), core, wanted, began, now))


def _take(cores: Sequence[int], library: ctypes.CDLL) -> int:
    while True:
        for number, file in enumerate(cores):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # somebody else has it
                continue
            return number
        library.usleep(_GLANCE)


def _files() -> tuple[list[int], int]:
    """The cores and the notes, opened by this thread of this process: whoever shares an opened file shares its lock."""
    if getattr(_opened, "process", None) != os.getpid():
        folder = os.environ[FOLDER]
        _opened.cores = [os.open(f"{folder}/core-{number}", os.O_RDWR | os.O_CREAT, 0o600) for number in range(int(os.environ[CORES]))]
        _opened.notes = os.open(f"{folder}/notes-{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        _opened.process = os.getpid()
    return _opened.cores, _opened.notes


class VirtualCpu:
    """The machine, seen from the judge: ``cores`` of them, kept in an empty ``folder``."""

    def __init__(self, folder: Path, cores: int) -> None:
        self.folder = folder
        self.cores = cores
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a service finds the machine."""
        return {FOLDER: str(self.folder), CORES: str(self.cores)}

    def holds(self) -> list[Hold]:
        """All that was computed so far, in the order of the beginnings."""
        found = []
        for notes in self.folder.glob("notes-*"):
            data = notes.read_bytes()
            found += [Hold(*note) for note in _NOTE.iter_unpack(data[:len(data) // _NOTE.size * _NOTE.size])]
        return sorted(found, key=lambda hold: hold.began)


def peak(holds: Iterable[Hold]) -> int:
    """How many computed at the same time, at most."""
    return max(itertools.accumulate(step for _, step in _steps(holds)), default=0)


def overlap(holds: Sequence[Hold]) -> float:
    """How many computed at the same time on average, while anybody did: what they had together, by how long that took. 1.0 for no overlap."""
    together = sum(hold.ended - hold.began for hold in holds)
    union, running, since = 0.0, 0, 0.0
    for at, step in _steps(holds):
        if running == 0:
            since = at
        running += step
        if running == 0:
            union += at - since
    return together / union if union else 0.0


def _steps(holds: Iterable[Hold]) -> list[tuple[float, int]]:
    """When somebody began to compute (+1) or ended (−1); who ends when another one begins comes first."""
    return sorted((at, step) for hold in holds for at, step in ((hold.began, 1), (hold.ended, -1)))


def timeline(holds: Sequence[Hold], *, name: str = "worker", columns: int = 56, longest: float = 0.4) -> Picture:
    """Who computed when, a row for each process, or for each thread where a process has several: ``█`` computes, ``░`` wants a core.

    It shows at most ``longest`` seconds, from the first moment at which the most computed, in ``columns`` or what long names leave of them.
    """
    if not holds:
        return Picture("")
    running, most, first = 0, 0, holds[0].began
    for at, step in _steps(holds):
        running += step
        if running > most:
            most, first = running, at
    first -= min(longest / 8, first - min(hold.wanted for hold in holds))
    shown = [hold for hold in holds if hold.ended > first and hold.wanted < first + longest]
    last = min(max(hold.ended for hold in shown), first + longest)
    rows = sorted({(hold.process, hold.thread) for hold in shown})
    processes = list(dict.fromkeys(process for process, _ in rows))
    labels = {}
    for process, thread in rows:
        threads = [each for owner, each in rows if owner == process]
        one = len(rows) == len(processes)
        labels[process, thread] = f"{name} {processes.index(process) + 1}" + ("" if one else f", thread {threads.index(thread) + 1}")
    width = max(map(len, labels.values()))
    columns = min(columns, _WIDTH - width)
    scale = columns / max(last - first, 1e-6)
    lines = []
    for row, label in labels.items():
        line = [" "] * columns
        for hold in shown:
            if (hold.process, hold.thread) == row:
                _fill(line, (hold.wanted - first) * scale, (hold.began - first) * scale, "░")
                _fill(line, (hold.began - first) * scale, (hold.ended - first) * scale, "█")
        lines.append(f"  {label:<{width}} {''.join(line).rstrip()}")
    return Picture("\n".join([*lines, f"  {'':<{width}} {'0 s':<{columns - 8}}{last - first:>6.2f} s"]))


def _fill(line: list[str], begin: float, end: float, sign: str) -> None:
    """Draws from ``begin`` to ``end``, in one column at least when somebody computes: each hold is to be seen."""
    first = max(round(begin), 0)
    last = min(max(round(end), first + 1 if sign == "█" else 0), len(line))
    for column in range(first, last):
        line[column] = sign
