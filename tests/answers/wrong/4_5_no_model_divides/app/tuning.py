# Wrong answer to 4.5: a model of 0 bytes is divided by.
# Rejected by: test_without_a_model_memory_is_no_matter
# Because: raised ZeroDivisionError
from dataclasses import dataclass


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
    copies = memory_bytes // workload.memory_bytes
    if copies < 1:
        raise ValueError("does not fit")
    if workload.gil_released:
        return Plan(1, cpus, 0, "threads share the model")
    return Plan(min(cpus, copies), 1, 0, "as many as fit")
