"""A tree of processes whose memory is known, as a server's with its workers: they share so much, and each has so much of its own.

``python _memory_tree.py '{"shared": …, "own": …, "children": …}'`` says on its output when all of it is there, and ends with its input.
"""

import ctypes
import json
import mmap
import os
import signal
import subprocess
import sys
import threading
from typing import Any

MB = 1 << 20
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def filled(size: int) -> bytearray:
    """So many bytes that are really there."""
    return bytearray(b"\1") * size


def child(own: int, ready: int, end: int, below: int, pool: int = 0) -> None:
    """One worker, in a process of its own: it takes its memory, says so, and waits for the end. Never returns.

    It has a child, and that one has one, and so on: ``below`` of them; and ``pool`` children that have none.
    """
    if _PRCTL is not None:  # a name as it may be, with blanks and parentheses; behind walls nobody writes to /proc
        _PRCTL(15, b"a) 1 (b c", 0, 0, 0)
    mine = filled(own)
    if below and os.fork() == 0:  # which shares nothing of this, as it writes to all of it
        child(own, ready, end, below - 1)
    for _ in range(pool):
        if os.fork() == 0:
            child(own, ready, end, 0)
    os.write(ready, b"." if mine else b"")
    os.read(end, 1)
    os._exit(0)


def main(shared: int, own: int, children: int, below: int = 0, zombie: bool = False, tracker: bool = False,
         passed: int = 0, thread: bool = False, ends: int = 0, pool: int = 0) -> None:
    """The first process: it takes the memory that is ``shared``, and forks; ``passed`` is what it had once and has given back.

    With ``thread`` its last child is started by a thread, which goes on to run. With ``ends`` whoever is killed leaves nothing behind.
    """
    if ends:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    filled(passed)
    common = mmap.mmap(-1, max(shared, 1))
    for at in range(0, shared, mmap.PAGESIZE):
        common[at] = 1
    ready, say = os.pipe()
    end, never = os.pipe()

    def start(number: int) -> None:
        if os.fork() == 0:
            os.close(never)
            for at in range(0, shared, mmap.PAGESIZE):
                common[at]
            child(own, say, end, *((below, pool) if number == 0 else (0, 0)))

    def start_and_stay() -> None:
        start(children - 1)
        threading.Event().wait()

    for number in range(children - thread):
        start(number)
    if thread:
        threading.Thread(target=start_and_stay, daemon=True).start()
    if zombie and os.fork() == 0:
        os._exit(0)
    if tracker:  # a stand-in by the name of the one that tidies up for multiprocessing
        code = "import sys; sys.stdin.read() # from multiprocessing.resource_tracker import main;main(5)"
        subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE)
    waiting = children + below + pool
    while waiting > 0:
        waiting -= len(os.read(ready, waiting))
    print(json.dumps({"ready": True}), flush=True)
    sys.stdin.read()  # with this process the write end of the pipe is closed, and with it all children end


if __name__ == "__main__":
    asked: dict[str, Any] = json.loads(sys.argv[1])
    main(**asked)
