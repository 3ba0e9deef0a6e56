# Right answer to 4.4: RSS from statm in pages, PSS from the roll-up; workers are known by their state and their command.
import os
from dataclasses import dataclass

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class MemoryUse:
    rss_bytes: int
    pss_bytes: int
    workers: int


def memory(pid: int) -> MemoryUse:
    rss = pss = workers = 0
    level = [pid]
    depth = 0
    while level:
        for each in level:
            if state(each)[0] in ("Z", "X"):
                continue
            rss += PAGE * int(content(each, "statm", "0 0").split()[1])
            rollup = content(each, "smaps_rollup", "Pss: 0 kB")
            pss += 1024 * int(rollup[rollup.index("Pss:"):].split()[1])
            workers += depth == 1 and "multiprocessing.resource_tracker" not in content(each, "cmdline", "resource_tracker")
        level = [int(name) for name in os.listdir("/proc") if name.isdecimal() and int(state(int(name))[1]) in level]
        depth += 1
    return MemoryUse(rss, pss, workers if workers else 1)


def state(pid: int) -> list[str]:
    return content(pid, "stat", "0 (gone) X -1").rsplit(") ", 1)[1].split()


def content(pid: int, name: str, otherwise: str) -> str:
    try:
        with open(f"/proc/{pid}/{name}") as file:
            return file.read() or otherwise
    except OSError:
        return otherwise
