# Wrong answer to 4.2: twice the CPUs and one more, a rule for servers of another kind.
# Rejected by: test_it_is_where_the_process_may_run
# Because: returned 129. Expected 64
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    group = Path(root) / "sys/fs/cgroup"
    if (group / "cpu.max").exists():
        quota, period = (group / "cpu.max").read_text().split()
        if quota != "max":
            cpus = min(cpus, int(quota) // int(period))
    elif (group / "cpu/cpu.cfs_quota_us").exists():
        quota = int((group / "cpu/cpu.cfs_quota_us").read_text())
        period = int((group / "cpu/cpu.cfs_period_us").read_text())
        if quota > 0:
            cpus = min(cpus, quota // period)
    return 2 * max(1, cpus) + 1
