"""A program in a pseudo-terminal, and what its screen shows."""

import contextlib
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pyte

from dojo.workspace import ROOT

#: Ends a test whose program never shows what it should. In seconds.
PATIENCE = 60.0


class Screen:
    """``python -m dojo.cli`` with ``arguments``, in a terminal of so many columns and lines."""

    def __init__(self, *arguments: str | Path, columns: int = 100, lines: int = 50, command: list[str] | None = None, **changes: str) -> None:
        import pty

        self._screen = pyte.HistoryScreen(columns, lines, history=5000)
        self._stream = pyte.ByteStream(self._screen)
        self._ours, theirs = pty.openpty()
        self._set_size(columns, lines)
        #: All that the program wrote.
        self.written = b""
        skipped = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTEST_ADDOPTS"}
        environment = {name: value for name, value in os.environ.items() if name not in skipped}
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "dojo.cli", *map(str, arguments)], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs,
            env={**environment, "TERM": "xterm-256color", "PYTHONUTF8": "1", **changes}, start_new_session=True,
            preexec_fn=lambda: _control(theirs))
        os.close(theirs)

    @property
    def text(self) -> str:
        """What is shown now, without the blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip("\n")

    @property
    def scrolled(self) -> int:
        """How many lines have left the screen at its top."""
        return len(self._screen.history.top)

    @property
    def last(self) -> str:
        """The last line that holds anything."""
        return self.text.rpartition("\n")[2]

    def shows(self, *words: str, patience: float = PATIENCE) -> str:
        """The text as soon as it holds all ``words``."""
        return self.until(lambda text: all(word in text for word in words), f"showed {words}", patience)

    def until(self, holds: Callable[[str], object], what: str, patience: float = PATIENCE) -> str:
        """The text as soon as ``holds`` says so."""
        end = time.monotonic() + patience
        while not holds(self.text):
            assert time.monotonic() < end, f"it never {what}; it shows\n{self.text}"
            if not self._take(0.2) and self.process.poll() is not None and not holds(self.text):
                raise AssertionError(f"it ended with {self.process.returncode} and never {what}; it shows\n{self.text}")
        return self.text

    def press(self, keys: str) -> None:
        """Types."""
        os.write(self._ours, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Gives the terminal another size."""
        self._screen.resize(lines, columns)
        self._set_size(columns, lines)  # which tells the program

    def ends(self, patience: float = PATIENCE) -> int:
        """Waits for the program's end; its exit status."""
        end = time.monotonic() + patience
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it never ended; it shows\n{self.text}"
            self._take(0.1)
        while self._take(0.05):
            pass
        return self.process.returncode

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed, as a shell expects."""
        import termios

        return bool(termios.tcgetattr(self._ours)[3] & termios.ECHO)

    def family(self) -> list[psutil.Process]:
        """The program, and all that it has started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            me = psutil.Process(self.process.pid)
            return [me, *me.children(recursive=True)]
        return []

    def close(self) -> None:
        """Ends it if it runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def _take(self, seconds: float) -> bool:
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # Linux's way to say that nobody has the other end any more
            time.sleep(0.01)
            return False
        self.written += data
        self._stream.feed(data)
        return bool(data)

    def _set_size(self, columns: int, lines: int) -> None:
        import fcntl
        import termios

        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def _control(terminal: int) -> None:
    """In the new process: makes ``terminal`` the one that controls it, so that Ctrl-C is a signal."""
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def gone(processes: list[psutil.Process], patience: float = 20.0) -> list[psutil.Process]:
    """Those that still run after ``patience`` seconds."""
    return psutil.wait_procs(processes, timeout=patience)[1]
