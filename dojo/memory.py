"""What processes have in memory, as Linux counts it: RSS, all that is there for a process, and PSS, its fair share of that.

A page that several processes have mapped is in the RSS of each of them, and only in parts in their PSS: of a page that four have, each
gets a quarter. So a sum of PSS is memory that is really there, and a sum of RSS counts what is shared again and again.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Use:
    """Memory in bytes."""

    rss: int = 0
    pss: int = 0

    def __add__(self, other: "Use") -> "Use":
        return Use(self.rss + other.rss, self.pss + other.pss)


def known() -> bool:
    """Whether the platform tells PSS: Linux does, unless it is forbidden."""
    try:
        return Path("/proc/self/smaps_rollup").read_bytes() != b""
    except OSError:
        return False


def of(pid: int) -> Use:
    """What a process has; nothing when there is no such process any more."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return Use()
    sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    return Use(sizes.get("Rss", 0), sizes.get("Pss", 0))


def tree(pid: int) -> list[int]:
    """A process and all below it, those above first."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError):
                stat = Path("/proc", name, "stat").read_text(encoding="utf-8", errors="replace")
                parents[int(name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def together(pid: int) -> Use:
    """What a process and all below it have together."""
    return sum((of(each) for each in tree(pid)), Use())
