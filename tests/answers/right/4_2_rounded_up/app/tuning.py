# Right answer to 4.2: a part of a CPU counts as a whole one, as some runtimes have it.
import math
import os
from fractions import Fraction
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    """The smaller of affinity and quota."""
    limits = [Fraction(_affinity()), *_quotas(str(root).rstrip("/") + "/sys/fs/cgroup/")]
    return math.ceil(min(limits))


def _affinity() -> int:
    try:
        return len(os.sched_getaffinity(os.getpid()))
    except AttributeError:
        return os.cpu_count() or 1


def _quotas(folder: str) -> list[Fraction]:
    return [Fraction(quota, period) for quota, period in (_pair(folder + "cpu.max"), _pair(folder + "cpu/cpu.cfs_quota_us", folder + "cpu/cpu.cfs_period_us"))
            if quota > 0]


def _pair(*files: str) -> tuple[int, int]:
    words: list[str] = []
    for name in files:
        try:
            with open(name) as file:
                words += file.read().split()
        except OSError:
            return -1, 1
    return (-1, 1) if words[0] == "max" else (int(words[0]), int(words[1]))
