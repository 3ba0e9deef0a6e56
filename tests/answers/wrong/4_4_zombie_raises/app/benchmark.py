# Wrong answer to 4.4: a child that has ended raises an exception, as it has no memory to read of.
# Rejected by: test_a_process_that_has_ended_counts_for_nothing
# Because: raised (ProcessLookupError|StopIteration|IndexError|KeyError)
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MemoryUse:
    rss_bytes: int
    pss_bytes: int
    workers: int


def memory(pid: int) -> MemoryUse:
    rss = pss = workers = 0
    tree = [pid]
    for each in tree:
        tree += children(each)
        lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        rss += 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))
        pss += 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        if each in children(pid) and "resource_tracker" not in Path(f"/proc/{each}/cmdline").read_text():
            workers += 1
    return MemoryUse(rss, pss, workers or 1)


def children(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
