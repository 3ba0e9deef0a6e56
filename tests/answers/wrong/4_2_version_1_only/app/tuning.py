# Wrong answer to 4.2: only the files of version 1 are looked for.
# Rejected by: test_a_quota_of_version_2_counts
# Because: That is the affinity alone
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    try:
        quota = int(Path(root, "sys/fs/cgroup/cpu/cpu.cfs_quota_us").read_text())
        period = int(Path(root, "sys/fs/cgroup/cpu/cpu.cfs_period_us").read_text())
    except FileNotFoundError:
        return cpus
    return cpus if quota < 0 else max(1, min(cpus, quota // period))
