# Wrong answer to 4.2: only the files of version 2 are looked for.
# Rejected by: test_a_quota_of_version_1_counts
# Because: That is the affinity alone
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    cpus = len(os.sched_getaffinity(0))
    file = Path(root, "sys/fs/cgroup/cpu.max")
    if file.is_file():
        quota, period = file.read_text().split()
        if quota != "max":
            cpus = min(cpus, round(int(quota) / int(period)))
    return max(cpus, 1)
