# Wrong answer to 4.2: the affinity is asked for once, when the module is imported.
# Rejected by: test_it_is_where_the_process_may_run
# Because: Expected
import os
from pathlib import Path

_ALLOWED = len(os.sched_getaffinity(0))


def usable_cpus(root: str | Path = "/") -> int:
    cpus = _ALLOWED
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
    return max(1, cpus)
