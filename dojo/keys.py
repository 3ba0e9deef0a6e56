"""A terminal for as long as a program has it to itself: keys one by one, and a screen that is drawn whole."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

#: What terminals send for keys that are no characters.
_NAMED = {"\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down", "\x1b[5~": "page up", "\x1b[6~": "page down",
          " ": "page down", "\r": "enter", "\n": "enter", "\x1b": "escape", "\x04": "end"}


def pressed(data: str) -> Iterator[str]:
    """The keys in what a terminal has sent; sequences that nobody knows are none."""
    while data:
        if data[0] == "\x1b" and len(data) > 1:
            sequence = next((name for name in _NAMED if len(name) > 1 and data.startswith(name)), "")
            if sequence:
                yield _NAMED[sequence]
            elif data[1] not in "[O":
                yield "escape"
            if not sequence and data[1] in "[O":  # up to its last character
                end = next((i for i, c in enumerate(data[2:], 3) if "@" <= c <= "~"), len(data))
                data = data[end:]
            else:
                data = data[len(sequence or "\x1b"):]
        else:
            yield _NAMED.get(data[0], data[0])
            data = data[1:]


def _in_front() -> bool:
    """Whether the terminal is ours and not another job's; True as well where there are no jobs."""
    with contextlib.suppress(OSError):
        return os.tcgetpgrp(0) == os.getpgrp()
    return True


class Terminal:
    """The program's terminal; ``key`` is called with each key, and with ``end`` when there is no terminal any more."""

    def __init__(self, key: Callable[[str], None]) -> None:
        self._key = key
        self._modes: list[Any] | None = None

    def take(self) -> None:
        """Takes the terminal: keys come at once and aren't shown, the cursor is hidden."""
        import termios
        import tty

        if self._modes is None:
            self._modes = termios.tcgetattr(0)
        tty.setcbreak(0, termios.TCSADRAIN)
        self._write("\x1b[?25l")
        asyncio.get_running_loop().add_reader(0, self._read)

    def give_back(self) -> None:
        """Leaves it as it was found, with the cursor below what was drawn."""
        import termios

        asyncio.get_running_loop().remove_reader(0)
        # A shell may have it already, when another process of the job was stopped first. Then its modes are the shell's own, and
        # whoever changed them would be stopped in the middle of this, and a second time by its caller after the shell's `fg`.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        try:
            if self._modes is not None and _in_front():
                with contextlib.suppress(termios.error):  # it is gone
                    termios.tcsetattr(0, termios.TCSADRAIN, self._modes)
            self._write("\x1b[?25h\n")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def size(self) -> os.terminal_size:
        """Its columns and lines."""
        return shutil.get_terminal_size()

    def draw(self, lines: list[str]) -> None:
        """Draws the whole screen: as many of ``lines`` as it has."""
        shown = lines[: self.size.lines]
        self._write("\x1b[H" + "\x1b[K\r\n".join(shown) + "\x1b[K\x1b[J")

    def _read(self) -> None:
        try:
            data = os.read(0, 1024)
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(0)
            self._key("end")
        for key in pressed(data.decode(errors="ignore")):
            self._key(key)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stdout.write(text)
            sys.stdout.flush()
