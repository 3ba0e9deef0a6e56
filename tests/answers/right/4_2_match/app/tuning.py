# Right answer to 4.2: names imported one by one, the file taken apart by match.
from os import cpu_count, path

try:
    from os import sched_getaffinity
except ImportError:
    sched_getaffinity = None


def usable_cpus(root="/"):
    allowed = cpu_count() if sched_getaffinity is None else len(sched_getaffinity(0))
    group = path.join(root, "sys", "fs", "cgroup")
    match _words(group, "cpu.max") or _words(group, "cpu", "cpu.cfs_quota_us") + _words(group, "cpu", "cpu.cfs_period_us"):
        case ["max", _] | ["-1", _] | []:
            return allowed or 1
        case [quota, period]:
            return min(allowed or 1, max(1, round(int(quota) / int(period))))


def _words(*parts):
    try:
        with open(path.join(*parts)) as file:
            return file.read().split()
    except OSError:
        return []
