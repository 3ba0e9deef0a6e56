# Right answer to 4.2: the numbers are numpy's.

"""How many of what: the CPUs that this process may use, and the plan that serves a workload best on them."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np


def usable_cpus(root: str | Path = "/") -> int:
    """How many CPUs this process may keep busy: the smaller of its affinity and its container's quota.

    - The affinity is the set of CPUs on which the system lets it run.
    - The quota is the CPU time that its container gets in each period; the time divided by the period is a number of CPUs. In
      version 2 of cgroups both stand in the file ``sys/fs/cgroup/cpu.max`` (``50000 100000``, or ``max 100000`` for no limit), in version 1 in
      ``sys/fs/cgroup/cpu/cpu.cfs_quota_us`` (``-1`` for no limit) and ``sys/fs/cgroup/cpu/cpu.cfs_period_us``, all of them below ``root``.
      Where there are no such files, there is no limit.

    It is a whole number, and at least 1: also half a CPU is one. A quota such as 2.5 CPUs may be rounded up or down.
    """
    # Not os.cpu_count(), which counts the machine's. macOS has no affinity: there it is all that we know.
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(Path(root) / "sys/fs/cgroup")
    # Rounded down: a worker more than the quota pays for would be stopped for a part of each period, and with it what it was about to answer.
    return np.int64(allowed) if quota is None else np.clip(np.int64(quota), 1, allowed)


def _quota(cgroup: Path) -> float | None:
    """The container's quota in CPUs; None for no limit."""
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota, period = ((cgroup / "cpu" / name).read_text().strip() for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us"))
    except OSError:  # no container, or none with a limit
        return None
    # The period is 100 ms nearly everywhere; where it isn't, whoever takes it for granted is off by just that.
    return None if quota in ("max", "-1") else int(quota) / int(period)


@dataclass(frozen=True)
class Workload:
    """What one request costs.

    ``cpu_seconds`` of computing and ``wait_seconds`` of waiting for others, such as a database; not both are 0. ``memory_bytes``: the size of
    the model that it needs, 0 for none. ``gil_released``: whether the computing lets other threads of its process compute at
    the same time, as numpy's does with large arrays; Python's own code doesn't.
    """

    cpu_seconds: float
    wait_seconds: float
    memory_bytes: int
    gil_released: bool

    @property
    def cpu_bound(self) -> bool:
        """Whether a request computes at least as long as it waits."""
        return self.cpu_seconds >= self.wait_seconds


@dataclass(frozen=True)
class Plan:
    """How a workload is served.

    ``workers``: how many processes uvicorn starts, at least one. Each has an event loop, on which its requests wait, as many as there are.
    ``threads``: how many threads compute in each worker, beside its loop. ``processes``: how many processes compute for each worker, in a
    pool of its own. When there are processes, they do all of the computing; when there are neither (both 0), the loop's own thread does.
    ``reason``: why it is this plan, in a sentence for whoever reads it in a year.

    Each process that computes has a copy of the model: the workers, or when they have pools, the pools' processes in their place.
    """

    workers: int
    threads: int
    processes: int
    reason: str


def recommend(workload: Workload, cpus: int, memory_bytes: int) -> Plan:
    """The plan for a ``workload`` on ``cpus`` CPUs, of at least 1, with ``memory_bytes`` for all copies of the model together.

    1. All copies together fit into the memory. When not even one does, ``ValueError`` is raised.
    2. Never do more processes compute than there are CPUs, nor are there more workers than CPUs, whatever the workload.
    3. When requests are CPU-bound and keep the GIL, as many processes compute as there are CPUs, or as have a copy where fewer fit.
       Threads don't help: a process has one at most.
    4. When requests are CPU-bound and release the GIL, as many threads compute as there are CPUs, in all processes together (rounded up
       where these don't share them evenly); a process without threads of its own counts as one. All threads of a process share its copy.
    5. Requests that wait more than they compute wait on the event loop. One worker can be enough for them.
    6. With more CPUs or more memory, never do fewer compute at the same time.
    """
    needed = workload.memory_bytes
    fitting = cpus if needed == 0 else memory_bytes // needed
    if fitting < 1:
        raise ValueError(f"one copy of the model takes {needed} bytes, and there are {memory_bytes}")
    if not workload.cpu_bound:
        # All of them wait on one loop, at a few kB each. A second worker would cost a copy of the model, and bring something only once
        # the first one computes all the time: that is a question for a load test.
        most = f"up to {1 / workload.cpu_seconds:.0f} requests a second" if workload.cpu_seconds else "any number of requests"
        return Plan(workers=1, threads=0, processes=0, reason=f"Requests wait more than they compute: one event loop is enough for {most}.")
    if workload.gil_released:
        # Threads compute at the same time and need no copy of their own. Beside the loop, so that this one goes on serving.
        return Plan(workers=1, threads=cpus, processes=0, reason=f"The computing releases the GIL: {cpus} threads share one copy of the model.")
    workers = min(cpus, fitting)
    why = f"there are {cpus} CPUs" if workers == cpus else f"{workers} copies of the model fit into the memory"
    # A thread for the computing makes none of it faster. It lets the loop answer meanwhile: a thread gives the GIL up every few milliseconds.
    return Plan(workers=workers, threads=1, processes=0, reason=f"The computing keeps the GIL, so only processes can share it out; {why}.")


@dataclass(frozen=True)
class Profile:
    """How the service is run for a kind of workload. What it says unless it is told otherwise is what happens when nobody says anything.

    ``workers``: how many processes; None for as many as `usable_cpus`. ``threads``: how many ``def`` endpoints run at a time in each of
    them. ``in_flight``: how many requests each takes at a time, and ``retry_after``: after how many seconds who was refused may ask again.
    ``keep_alive``: for how many seconds a connection is kept on which nothing is asked. ``recycle_after``: after how many requests a worker
    is replaced by a new one, and ``recycle_jitter``: up to how many more it may be, drawn by each worker; 0 for never. ``graceful``: for how
    many seconds requests in flight are waited for after a SIGTERM; None for as long as it takes. ``health_check``: for how many seconds a
    worker may show no sign of life before it is replaced.
    """

    workers: int | None = 1
    threads: int = 40
    in_flight: int = 1_000_000
    retry_after: int = 1
    keep_alive: int = 5
    recycle_after: int = 0
    recycle_jitter: int = 0
    graceful: int | None = None
    health_check: int = 5


#: For requests that compute, 50 ms each, and keep the GIL.
CPU_BOUND = Profile(
    workers=None,  # a process for each CPU, and no more: others would only take turns with them
    threads=2,  # one computes; with the second the next one has its input read when the GIL is free
    in_flight=8,  # the last of them waits for 8 x 50 ms, which is less than the 0.5 s that somebody waits
    retry_after=1,
    keep_alive=75,  # longer than the load balancer's 60 s: it must be the one who hangs up
    recycle_after=10_000,
    recycle_jitter=5_000,  # a worker takes seconds to start, and the others take its load meanwhile
    graceful=15,  # three times the longest request, half of the time until the SIGKILL
    health_check=20,  # a model that is loaded by C code may keep the GIL for ten seconds; and no longer, as the supervisor waits meanwhile
)
#: For requests that wait for others, half a second each, on a thread.
IO_BOUND = Profile(
    workers=None,  # one would do; with several the service survives the death of one
    threads=200,  # whoever is let in has a thread: otherwise they would queue for one, where nobody sees it
    in_flight=200,  # 200 in flight, 0.5 s each, are 400 a second from each worker
    retry_after=1,
    keep_alive=75,
    recycle_after=10_000,
    recycle_jitter=5_000,
    graceful=15,
    health_check=20,
)

#: The profiles by the names that the setting ``profile`` gives them.
PROFILES = {"cpu-bound": CPU_BOUND, "io-bound": IO_BOUND}
