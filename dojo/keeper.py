"""Keeps one server with all of its processes for a judge, and ends them when the judge is gone, however that ended.

A server with workers is a tree of processes. Who ends only its root may leave the others behind, and who asks a process to end may be
ignored. So the tree has a keeper: it starts the root in a session of its own, becomes the parent of every process below that loses
its own (Linux), and kills them all when its standard input ends, which is what happens when the judge is killed.

Run as a file of its own, with the standard library alone: it takes requests from its standard input, one JSON object a line, and answers
each with one. It also says when the root has ended, and how.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

#: How long killed processes may take to be gone, in seconds.
ENDING_PATIENCE = 5.0
#: How much of each process's command is told, in bytes: two megabytes each would make an answer that the judge doesn't take.
COMMAND_KEPT = 1000

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 1, 4, 36


class Keeper:
    """The server of one judge; each ``do_…`` is a request of that name."""

    def __init__(self) -> None:
        self._root: subprocess.Popen[bytes] | None = None
        self._over = False

    def do_start(self, argv: list[str], cwd: str, env: dict[str, str], log: str) -> dict[str, Any]:
        """Starts the root; what the processes print goes to the file ``log``."""
        if not argv:
            raise ValueError("the command has no words")
        with open(log, "ab") as output:
            self._root = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                          start_new_session=True, preexec_fn=_end_with_the_keeper)
        return {"pid": self._root.pid}

    def do_signal(self, pid: int, number: int) -> dict[str, Any]:
        """Sends a signal to one process of the tree; ``sent`` says whether there was such a process."""
        if pid != self._root_pid and pid not in {each["pid"] for each in self._tree()}:
            return {"sent": False}
        try:
            os.kill(pid, number)
        except OSError:
            return {"sent": False}
        return {"sent": True}

    def do_tree(self) -> dict[str, Any]:
        """The processes that run now, the root's own first; each with ``pid``, ``parent`` and ``command``."""
        return {"tree": self._tree()}

    def do_listening(self) -> dict[str, Any]:
        """Where the processes listen for connections, as ``address:port``; None where that can't be known."""
        return {"listening": _listening([each["pid"] for each in self._tree()]) if _LINUX else None}

    @property
    def _root_pid(self) -> int:
        return self._root.pid if self._root and not self._over else 0

    def _tree(self) -> list[dict[str, Any]]:
        table = processes()
        group = self._root.pid if self._root else -1
        wanted = {os.getpid()}
        for _ in table:  # as deep as it may be
            more = {pid for pid, each in table.items() if each["parent"] in wanted} - wanted
            if not more:
                break
            wanted |= more
        # Without /proc nobody adopts orphans, but they are still in their group.
        wanted |= {pid for pid, each in table.items() if each["group"] == group}
        wanted -= {os.getpid()}
        found = [{"pid": pid, **each} for pid, each in table.items() if pid in wanted and not each.pop("helper", False)]
        return sorted(found, key=lambda each: (each["pid"] != group, each["pid"]))

    def reap(self) -> dict[str, Any] | None:
        """Takes the exit status of each process that has ended; what to tell when one of them was the root."""
        told = None
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return told
            if not pid:
                return told
            if pid == self._root_pid:
                self._over = True
                code = os.waitstatus_to_exitcode(status)
                told = {"event": "ended", "status": abs(code), "signaled": code < 0, "at": time.monotonic()}

    def end(self) -> None:
        """Kills whatever is left, and waits until it is gone."""
        until = time.monotonic() + ENDING_PATIENCE
        while time.monotonic() < until:
            left = self._tree()
            for each in left:  # the root comes first, so that it replaces nobody
                with contextlib.suppress(OSError):
                    os.kill(each["pid"], signal.SIGKILL)
            self.reap()
            if not left:
                return
            time.sleep(0.005)


def processes() -> dict[int, dict[str, Any]]:
    """All processes that run: each one's ``parent``, ``group``, ``command`` and ``state``, by its letter (``T``: stopped)."""
    found: dict[int, dict[str, Any]] = {}
    if not os.path.exists("/proc/self/stat"):
        # Without /proc: ps tells the same, and is itself one of the processes.
        listed = subprocess.Popen(["ps", "-axo", "pid=,ppid=,pgid=,stat=,command="], stdout=subprocess.PIPE, text=True, errors="replace")
        for line in listed.communicate()[0].splitlines():
            pid, parent, group, state, command = (*line.split(None, 4), "")[:5]
            if not state.startswith("Z"):
                found[int(pid)] = {"parent": int(parent), "group": int(group), "command": command[:COMMAND_KEPT], "state": state[0],
                                   "helper": int(pid) == listed.pid}
        return found
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if fields[0] in (b"Z", b"X"):  # it has ended; only its exit status is left
                continue
            with open(f"/proc/{name}/cmdline", "rb") as file:
                command = file.read(COMMAND_KEPT).rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
            found[int(name)] = {"parent": int(fields[1]), "group": int(fields[2]), "command": command, "state": chr(fields[0][0])}
    return found


def _listening(pids: list[int]) -> list[str]:
    """Where these processes listen, as ``address:port`` (Linux)."""
    inodes = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    inodes.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    found = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/net/{table}") as lines:
            for line in list(lines)[1:]:
                words = line.split()
                if words[3] == "0A" and f"socket:[{words[9]}]" in inodes:
                    address, _, port = words[1].partition(":")
                    found.add(f"{_address(address)}:{int(port, 16)}")
    return sorted(found)


def _address(text: str) -> str:
    """An address of /proc/net/tcp in the usual notation; its words of four bytes are in the machine's own order."""
    import socket

    words = [int(text[first:first + 8], 16).to_bytes(4, sys.byteorder) for first in range(0, len(text), 8)]
    packed = b"".join(words)
    return socket.inet_ntop(socket.AF_INET, packed) if len(packed) == 4 else f"[{socket.inet_ntop(socket.AF_INET6, packed)}]"


def _end_with_the_keeper() -> None:
    """In the root, before its program begins: Linux kills it when the keeper itself is killed."""
    if _LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _answer(keeper: Keeper, request: dict[str, Any]) -> dict[str, Any]:
    number, do = request.pop("id"), request.pop("do")
    try:
        return {"id": number, **getattr(keeper, f"do_{do}")(**request)}
    except (OSError, ValueError) as error:  # ValueError: a word with a NUL in it, or one that can't be encoded
        return {"id": number, "failed": str(error)}


def main() -> None:
    """Answers the judge until it is gone."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # the end of its input ends it
        signal.signal(number, lambda *_: None)
    if _LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)  # a learner's process can't write to its pipes
    wake_read, wake_write = os.pipe()
    for file in (wake_read, wake_write):
        os.set_blocking(file, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    keeper = Keeper()
    data = b""
    try:
        while True:
            ready = select.select([0, wake_read], [], [])[0]
            if wake_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_read, 4096)
                if told := keeper.reap():
                    _say(told)
            if 0 in ready:
                more = os.read(0, 65536)
                if not more:
                    return
                *lines, data = (data + more).split(b"\n")
                for line in lines:
                    _say(_answer(keeper, json.loads(line)))
    finally:  # also when the judge is gone before it has read an answer
        keeper.end()


def _say(message: dict[str, Any]) -> None:
    line = json.dumps(message).encode() + b"\n"
    while line:
        line = line[os.write(1, line):]


if __name__ == "__main__":
    main()
