# Wrong answer to 4.2: where there is a quota, it is taken for the whole truth.
# Rejected by: test_the_smaller_one_counts
# Because: That is the quota alone
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    group = Path(root) / "sys/fs/cgroup"
    if (group / "cpu.max").exists():
        quota, period = (group / "cpu.max").read_text().split()
        if quota != "max":
            cpus = int(quota) // int(period)
    elif (group / "cpu/cpu.cfs_quota_us").exists():
        quota = int((group / "cpu/cpu.cfs_quota_us").read_text())
        period = int((group / "cpu/cpu.cfs_period_us").read_text())
        if quota > 0:
            cpus = quota // period
    return max(1, cpus)
