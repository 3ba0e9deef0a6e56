"""A gate in front of a file: opening it for a request waits until the judge lets it go.

On a disk that hangs, or a network share, ``open`` is what blocks. Python announces each opening
to its audit hooks (``sys.addaudithook``), in the thread that opens, so a hook can make it wait:
``open``, ``Path.read_text``, ``os.open`` and whatever is built on them, with the line that did
it. A program that is run to read the file (``subprocess.run(["cat", path])``) is held likewise;
one that asyncio runs is not, as it holds nobody up.
"""

import os
import sys
import threading
from types import FrameType
from typing import Any

from dojo.waits import WaitGate


def hold_openings(gate: WaitGate, path: str) -> None:
    """Puts ``gate`` in front of the file at ``path``, for as long as the process lives."""
    wanted = os.path.realpath(path)
    busy = threading.local()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("open", "subprocess.Popen") or getattr(busy, "inside", False):
            return
        busy.inside = True
        try:
            frame = sys._getframe(1)
            if event == "open":
                if not isinstance(arguments[0], str | bytes | os.PathLike) or os.path.realpath(os.fsdecode(arguments[0])) != wanted:
                    return
                what = f"open({os.path.basename(wanted)})"
            else:
                words = [os.fsdecode(word) for word in arguments[1] or () if isinstance(word, str | bytes | os.PathLike)]
                if not any(wanted in word or path in word for word in words) or _asyncios(frame):
                    return
                what = f"run({words[0]})"
            if gate.concerns(frame):
                gate.hold(0.0, frame, what)
        finally:
            busy.inside = False

    sys.addaudithook(hook)


def _asyncios(frame: FrameType | None) -> bool:
    """Whether asyncio starts the process, and so awaits it."""
    while frame is not None:
        if frame.f_globals.get("__name__") == "asyncio.unix_events":
            return True
        frame = frame.f_back
    return False
