# Right answer to 4.2: the affinity is read from /proc/self/status, where it stands as a list of ranges.
import os
from pathlib import Path


def usable_cpus(root: str | Path = "/") -> int:
    return max(1, min(_affinity(Path(root)), _quota(Path(root))))


def _affinity(root: Path) -> int:
    try:
        status = (root / "proc/self/status").read_text()
    except OSError:
        return os.cpu_count() or 1
    listed = next(line for line in status.splitlines() if line.startswith("Cpus_allowed_list:")).split()[1]
    count = 0
    for part in listed.split(","):
        first, _, last = part.partition("-")
        count += int(last or first) - int(first) + 1
    return count


def _quota(root: Path) -> int:
    for quota_file, period_file in (("cpu.max", "cpu.max"), ("cpu,cpuacct/cpu.cfs_quota_us", "cpu,cpuacct/cpu.cfs_period_us")):
        try:
            quota = (root / "sys/fs/cgroup" / quota_file).read_text().split()[0]
            period = (root / "sys/fs/cgroup" / period_file).read_text().split()[-1]
        except OSError:
            continue
        return 10**6 if quota in ("max", "-1") else int(quota) // int(period)
    return 10**6
