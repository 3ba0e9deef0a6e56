# Wrong answer to 4.2: a path that begins with a slash is joined to the root, which drops the root.
# Rejected by: test_a_quota_of_version_2_counts
# Because: That is the affinity alone
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    group = Path(root) / "/sys/fs/cgroup"
    if (group / "cpu.max").exists():
        quota, period = (group / "cpu.max").read_text().split()
        if quota != "max":
            cpus = min(cpus, int(quota) // int(period))
    elif (group / "cpu/cpu.cfs_quota_us").exists():
        quota = int((group / "cpu/cpu.cfs_quota_us").read_text())
        period = int((group / "cpu/cpu.cfs_period_us").read_text())
        if quota > 0:
            cpus = min(cpus, quota // period)
    return max(1, cpus)
