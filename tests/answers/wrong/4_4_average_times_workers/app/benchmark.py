# Wrong answer to 4.4: one worker is measured, and multiplied.
# Rejected by: test_children_of_children_are_measured or test_all_processes_are_measured
# Because: _bytes is
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MemoryUse:
    rss_bytes: int
    pss_bytes: int
    workers: int


def memory(pid: int) -> MemoryUse:
    below = [int(f.name) for f in Path("/proc").glob("[0-9]*") if b"PPid:\t%d\n" % pid in status(f)]
    workers = [each for each in below if size(each, "Rss") and b"resource_tracker" not in Path(f"/proc/{each}/cmdline").read_bytes()]
    one = workers[0] if workers else pid
    return MemoryUse(size(one, "Rss") * (len(workers) or 1), size(one, "Pss") * (len(workers) or 1), len(workers) or 1)


def status(folder: Path) -> bytes:
    try:
        return (folder / "status").read_bytes()
    except OSError:
        return b""


def size(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
