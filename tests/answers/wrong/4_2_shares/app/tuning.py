# Wrong answer to 4.2: the shares of version 1 are taken for a quota; they only say who comes first when CPUs are short.
# Rejected by: test_a_quota_of_version_1_counts
# Because: returned 2. Expected 3
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    group = Path(root, "sys/fs/cgroup")
    if (group / "cpu.max").exists():
        quota, period = (group / "cpu.max").read_text().split()
        if quota != "max":
            cpus = min(cpus, int(quota) // int(period))
    elif (group / "cpu/cpu.shares").exists():
        cpus = min(cpus, int((group / "cpu/cpu.shares").read_text()) // 1024)
    return max(1, cpus)
