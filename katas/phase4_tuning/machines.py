"""Machines that are made up for usable_cpus(): how many CPUs they have, where a process may run, and the files of its container."""

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: What Linux gives a container that nobody has asked for another one, in microseconds.
PERIOD = 100_000

V1, V2 = "version 1", "version 2"


@dataclass(frozen=True)
class Machine:
    """``cpus`` that it has, an ``affinity`` of so many, and a container's ``quota`` and ``period`` in microseconds; no quota is -1, no files None.

    ``cgroups`` is the version whose files are there; empty where there are none.
    """

    cpus: int
    affinity: int
    cgroups: str = ""
    quota: int | None = None
    period: int = PERIOD
    kind: str = field(default="path", compare=False)

    @property
    def expected(self) -> set[int]:
        """The numbers that are right: a quota between two whole numbers may go either way."""
        if self.quota is None or self.quota < 0:
            return {self.affinity}
        down, up = self.quota // self.period, -(-self.quota // self.period)
        return {max(1, min(self.affinity, each)) for each in (down, up)}

    @property
    def told(self) -> str:
        """It in words."""
        where = f"{self.cpus} CPUs, of which the process may use {self.affinity}"
        if not self.cgroups:
            return f"A machine with {where}, and no container"
        return f"A machine with {where}; cgroups of {self.cgroups}, where {self._files_told}"

    @property
    def _files_told(self) -> str:
        if self.quota is None:
            return "the files of the quota are not there, which is no limit"
        content = {name.rpartition("/")[2]: text.strip() for name, text in self._limit().items()}
        return " and ".join(f"{name} says {text}" for name, text in content.items())

    def _limit(self) -> dict[str, str]:
        """The files that hold the quota."""
        if self.quota is None:
            return {}
        if self.cgroups == V2:
            return {"sys/fs/cgroup/cpu.max": f"{'max' if self.quota < 0 else self.quota} {self.period}\n"}
        folder = "sys/fs/cgroup/cpu,cpuacct"
        return {f"{folder}/cpu.cfs_quota_us": f"{self.quota}\n", f"{folder}/cpu.cfs_period_us": f"{self.period}\n"}

    def case(self) -> dict[str, Any]:
        """It as the driver makes it: with what else lies beside those files in a container, which says nothing about its quota."""
        affinity = sorted(random.sample(range(self.cpus), self.affinity))
        listed = ranges(affinity)
        files, links = {"proc/self/status": f"Name:\tpython3\nCpus_allowed_list:\t{listed}\n"}, {}
        if self.cgroups == V2:
            files |= {
                "proc/self/cgroup": "0::/\n",
                "proc/self/mountinfo": "31 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec - cgroup2 cgroup rw,nsdelegate\n",
                "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n", "sys/fs/cgroup/cpu.weight": "100\n",
                "sys/fs/cgroup/cpuset.cpus.effective": f"{listed}\n", "sys/fs/cgroup/cpuset.cpus": f"{listed}\n",
            }
        if self.cgroups == V1:
            files |= {
                "proc/self/cgroup": "4:memory:/\n3:cpuset:/\n2:cpu,cpuacct:/\n1:name=systemd:/\n",
                "proc/self/mountinfo": "32 31 0:28 / /sys/fs/cgroup/cpu,cpuacct ro,nosuid,nodev,noexec - cgroup cgroup rw,cpu,cpuacct\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.shares": "2048\n", "sys/fs/cgroup/cpuset/cpuset.cpus": f"{listed}\n",
                "sys/fs/cgroup/cpuset/cpuset.effective_cpus": f"{listed}\n",
            }
            links = {"sys/fs/cgroup/cpu": "cpu,cpuacct", "sys/fs/cgroup/cpuacct": "cpu,cpuacct"}
        return {"cpus": self.cpus, "affinity": affinity, "files": {**files, **self._limit()}, "links": links, "kind": self.kind}


def ranges(numbers: Iterable[int]) -> str:
    """CPUs as Linux lists them: ``0-3,7``."""
    found = []
    for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        first, *others = (number for _, number in group)
        found.append(f"{first}-{others[-1]}" if others else f"{first}")
    return ",".join(found)
