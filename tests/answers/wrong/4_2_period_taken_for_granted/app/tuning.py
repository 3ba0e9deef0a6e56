# Wrong answer to 4.2: the period is taken for 100 ms.
# Rejected by: test_the_period_counts
# Because: time in each \*period\*
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    group = Path(root) / "sys/fs/cgroup"
    if (group / "cpu.max").exists():
        quota, period = (group / "cpu.max").read_text().split()
        if quota != "max":
            cpus = min(cpus, int(quota) // 100_000)
    elif (group / "cpu/cpu.cfs_quota_us").exists():
        quota = int((group / "cpu/cpu.cfs_quota_us").read_text())
        period = int((group / "cpu/cpu.cfs_period_us").read_text())
        if quota > 0:
            cpus = min(cpus, quota // 100_000)
    return max(1, cpus)
