# Wrong answer to 4.2: the affinity, which knows nothing of a quota.
# Rejected by: test_a_quota_of_version_2_counts
# Because: That is the affinity alone
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
