"""Watches over one judge run: gives it its time, memory, processes and room, and leaves nothing of it behind.

A process of its own, so that everything that loses its parent comes to it and to nobody else. It takes what to run as JSON from its
standard input, and says as JSON what came of it. It doesn't look at what is judged; it uses the standard library alone.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

#: How often it looks, in seconds.
INTERVAL = 0.25
#: A file that has to go first when room is made, in bytes.
LARGE = 1 << 20
#: The longest record, and how much is kept of what the judge said. In bytes.
LONGEST, SAID = 1 << 24, 4000
#: Whatever starts under a process with one of these in its command is a learner's.
STARTERS = (b"dojo.forkserver", b"dojo.host", b"locust")

_GROUP = "serving-katas-"
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def processes() -> dict[int, tuple[int, int]]:
    """All processes: each one's parent, and its resident memory in bytes (Linux)."""
    found = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                    found[int(name)] = (int(fields[1]), int(fields[21]) * _PAGE)
    return found


def below(root: int, known: dict[int, tuple[int, int]]) -> Iterator[int]:
    """``root``'s children, their children, and so on."""
    children: dict[int, list[int]] = {}
    for process, (parent, _) in known.items():
        children.setdefault(parent, []).append(process)
    waiting = list(children.get(root, ()))
    while waiting:
        process = waiting.pop()
        yield process
        waiting += children.get(process, ())


class Warden:
    """One run."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task
        self._remarks: list[str] = []
        self._peak = 0
        self._records = b""

    def run(self) -> dict[str, Any]:
        """Runs the judge to its end."""
        read, write = os.pipe()
        command = [argument.replace("{results}", f"/dev/fd/{write}") for argument in self._task["command"]]
        said = os.path.join(self._task["scratch"], "said")
        with open(said, "wb") as output:
            judge = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[write], cwd=self._task["cwd"],
                                     env=self._task["env"], start_new_session=True)
        os.close(write)
        group = _counted(judge.pid, self._task["tasks"])
        reading = threading.Thread(target=self._read, args=(read,), daemon=True)
        reading.start()
        until = time.monotonic() + self._task["patience"]
        timed_out = False
        while judge.poll() is None:
            if time.monotonic() > until:
                timed_out = True
                judge.kill()
                break
            self._look(judge.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                judge.wait(INTERVAL)
        status = judge.wait()
        self._end_all()
        for folder in group:
            for _ in range(50):  # a process that has ended belongs to it for a moment more
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
                    break
                time.sleep(0.01)
        reading.join(5)
        with open(said, "rb") as output:
            output.seek(max(0, os.path.getsize(said) - SAID))
            told = output.read().decode(errors="replace")
        lines = [line for line in self._records.split(b"\n") if line.strip()]
        return {"status": status, "timed_out": timed_out, "record": lines[-1].decode() if lines else "", "said": told,
                "remarks": self._remarks, "peak_memory": self._peak}

    def _read(self, file: int) -> None:
        with open(file, "rb", buffering=0) as stream:
            while data := stream.read(1 << 16):
                # Each record replaces those before it.
                self._records = (self._records + data)[-2 * LONGEST:]
                if self._records.count(b"\n") > 1:
                    self._records = self._records[self._records.rindex(b"\n", 0, -1) + 1:] if self._records.endswith(b"\n") else self._records

    def _look(self, judge: int) -> None:
        """Ends what the learner's code has started when it is too much."""
        known = processes()
        all_of_it = list(below(judge, known))
        memory = sum(known[process][1] for process in all_of_it)
        self._peak = max(self._peak, memory)
        too_much = filled = ""
        if memory > self._task["memory"]:
            too_much = f"more than {self._task['memory'] >> 20} MB of memory"
        elif len(all_of_it) > self._task["tasks"]:
            too_much = f"more than {self._task['tasks']} processes"
        elif filled := self._filled():
            too_much = f"more than {filled}"
        if too_much:
            remark = f"It used {too_much} and was ended."
            if remark not in self._remarks:
                self._remarks.append(remark)
            for starter in all_of_it:
                if _starts_hosts(starter):
                    for process in below(starter, known):
                        _kill(process)
            if filled:
                make_room(self._task["watched_folder"], self._task["room"] >> 1, self._task["files"] >> 1)

    def _filled(self) -> str:
        """What a folder that isn't a file system of its own holds too much of; empty when it doesn't."""
        if "watched_folder" not in self._task:
            return ""
        size, count = used(self._task["watched_folder"])
        if size > self._task["room"]:
            return f"{self._task['room'] >> 20} MB of files"
        return f"{self._task['files']} files" if count > self._task["files"] else ""

    def _end_all(self) -> None:
        """Ends whatever is left: all that has lost its parent has come here."""
        for _ in range(400):
            left = list(below(os.getpid(), processes()))
            if not left:
                break
            for process in left:
                _kill(process)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.01)


def _counted(judge: int, tasks: int) -> list[str]:
    """Lets the kernel itself refuse more than ``tasks`` processes and threads, where this user may tell it so; the control groups made for it.

    Elsewhere a limit of the user's does it; for root, whom that doesn't bind, there is this.
    """
    made = []
    own = dict(line.rstrip("\n").split(":", 2)[1:] for line in _lines("/proc/self/cgroup") if line.count(":") > 1)
    above = [os.path.join("/sys/fs/cgroup/pids", own.get("pids", "/").lstrip("/")), os.path.join("/sys/fs/cgroup", own.get("", "/").lstrip("/"))]
    for folder in above:
        _remove_left(folder)
        group = os.path.join(folder, f"{_GROUP}{os.getpid()}")
        with contextlib.suppress(OSError):
            os.mkdir(group)
            made.append(group)
            with open(os.path.join(group, "pids.max"), "w") as file:
                file.write(str(tasks))
            with open(os.path.join(group, "cgroup.procs"), "w") as file:
                file.write(str(judge))
            break
    return made


def _remove_left(folder: str) -> None:
    """Removes the groups of wardens that were killed."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(_GROUP):
                with contextlib.suppress(OSError, ValueError):
                    try:
                        os.kill(int(name.removeprefix(_GROUP)), 0)
                    except ProcessLookupError:
                        os.rmdir(os.path.join(folder, name))


def _lines(path: str) -> list[str]:
    with contextlib.suppress(OSError), open(path) as file:
        return file.readlines()
    return []


def used(folder: str) -> tuple[int, int]:
    """How much lies below a folder: bytes on the disk, and files and folders."""
    size = count = 0
    for place, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        for name in files:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_blocks * 512
    return size, count


def make_room(folder: str, room: int, files: int) -> None:
    """Removes files below ``folder`` until they take no more than ``room`` bytes and are no more than ``files``: large ones, then the latest.

    What the judge has laid there is small and was there first, and it goes on judging with it. No link is followed.
    """
    def rank(status: os.stat_result) -> tuple[bool, int]:
        """By when it was last changed, which no process can set."""
        return status.st_blocks >= LARGE // 512, status.st_ctime_ns

    found = sorted((rank(status), status.st_blocks * 512) for _, _, status in _files(folder))
    size, count, least = sum(each for _, each in found), len(found), (True, sys.maxsize)
    while found and (size > room or count > files):
        least, each = found.pop()
        size, count = size - each, count - 1
    for place, name, status in _files(folder):
        if rank(status) >= least:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=place)


def _files(folder: str) -> Iterator[tuple[int, str, os.stat_result]]:
    """What lies below a folder and is no folder: the open folder that it is in, its name there, and its status."""
    for _, _, files, place in os.fwalk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                yield place, name, os.lstat(name, dir_fd=place)


def _starts_hosts(process: int) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{process}/cmdline", "rb") as file:
        command = file.read()
        return any(name in command for name in STARTERS) and b"bwrap" not in command[:20] and b"pytest" not in command
    return False


def _kill(process: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(process, signal.SIGKILL)


def main() -> None:
    """Does one task."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        library.prctl(1, signal.SIGKILL, 0, 0, 0)  # ends with who started it
        library.prctl(36, 1, 0, 0, 0)  # adopts orphans
        library.prctl(4, 0, 0, 0, 0)  # and lets nobody look into it
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    told = Warden(json.load(sys.stdin)).run()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
