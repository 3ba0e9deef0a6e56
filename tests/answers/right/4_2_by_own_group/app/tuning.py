# Right answer to 4.2: the process's own group is looked up in /proc/self/cgroup, and every group above it may limit it as well.
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def usable_cpus(root: str | Path = "/") -> int:
    root = Path(root)
    cpus = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    for quota, period in _limits(root):
        cpus = min(cpus, quota / period)
    return max(int(cpus), 1)


def _limits(root: Path) -> Iterator[tuple[int, int]]:
    groups = root / "proc/self/cgroup"
    for line in groups.read_text().splitlines() if groups.exists() else []:
        _, controllers, own = line.split(":", 2)
        for group in (PurePosixPath(own), *PurePosixPath(own).parents):
            below = str(group).lstrip("/")
            if not controllers:
                yield from _read(root / "sys/fs/cgroup" / below / "cpu.max")
            elif "cpu" in controllers.split(","):
                folder = root / "sys/fs/cgroup" / controllers / below
                yield from _read(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")


def _read(*files: Path) -> Iterator[tuple[int, int]]:
    try:
        quota, period = " ".join(file.read_text() for file in files).split()
    except FileNotFoundError:
        return
    if quota not in {"max", "-1"}:
        yield int(quota), int(period)
