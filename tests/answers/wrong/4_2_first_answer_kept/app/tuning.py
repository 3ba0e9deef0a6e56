# Wrong answer to 4.2: the first answer is kept for ever, whatever the root.
# Rejected by: test_a_quota_of_version_2_counts or test_it_is_where_the_process_may_run
# Because: Expected
import os
from pathlib import Path

_known: int | None = None


def usable_cpus(root: str | Path = "/") -> int:
    global _known
    if _known is None:
        _known = _count(Path(root))
    return _known


def _count(root: Path) -> int:
    cpus = len(os.sched_getaffinity(0))
    for name in ("cpu.max", "cpu/cpu.cfs_quota_us"):
        if (root / "sys/fs/cgroup" / name).exists():
            text = (root / "sys/fs/cgroup" / name).read_text().split()
            period = text[1] if len(text) > 1 else (root / "sys/fs/cgroup/cpu/cpu.cfs_period_us").read_text()
            if text[0] not in ("max", "-1"):
                return max(1, min(cpus, int(text[0]) // int(period)))
    return cpus
