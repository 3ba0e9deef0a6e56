# Wrong answer to 4.2: where there are no files of a quota, it raises an exception.
# Rejected by: test_it_is_where_the_process_may_run
# Because: raised FileNotFoundError
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    group = Path(root) / "sys" / "fs" / "cgroup"
    try:
        quota, period = (group / "cpu.max").read_text().split()
    except FileNotFoundError:
        quota = (group / "cpu" / "cpu.cfs_quota_us").read_text().strip()
        period = (group / "cpu" / "cpu.cfs_period_us").read_text().strip()
    if quota in ("max", "-1"):
        return cpus
    return max(1, min(cpus, int(quota) // int(period)))
