"""What is asked of a plan: the rules of exercise 4.5, and workloads that hypothesis draws."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from hypothesis import strategies as st

from dojo.evidence import plural

MB, GB = 10**6, 10**9


@dataclass(frozen=True)
class Workload:
    """One workload, as in app/tuning.py."""

    cpu_seconds: float
    wait_seconds: float
    memory_bytes: int
    gil_released: bool

    @property
    def cpu_bound(self) -> bool:
        """Whether a request computes at least as long as it waits."""
        return self.cpu_seconds >= self.wait_seconds

    @property
    def told(self) -> str:
        """It in words."""
        gil = "releases" if self.gil_released else "keeps"
        model = f"a model of {size(self.memory_bytes)}" if self.memory_bytes else "no model"
        return f"{self.cpu_seconds:.4g} s of computing that {gil} the GIL, {self.wait_seconds:.4g} s of waiting, {model}"


@dataclass(frozen=True)
class Case:
    """A workload, and the machine for it."""

    workload: Workload
    cpus: int
    memory_bytes: int

    @property
    def fitting(self) -> int:
        """How many copies of the model fit into the memory; where there is no model, more than anybody needs."""
        return self.memory_bytes // self.workload.memory_bytes if self.workload.memory_bytes else self.cpus + 1

    def sent(self) -> list[Any]:
        """It as the driver takes it."""
        return [asdict(self.workload), self.cpus, self.memory_bytes]

    @property
    def told(self) -> str:
        """It in words."""
        cpus = "1 CPU" if self.cpus == 1 else f"{self.cpus} CPUs"
        return f"A request of {self.workload.told}; on {cpus} with {size(self.memory_bytes)} of memory"


@dataclass(frozen=True)
class Plan:
    """One plan, as in app/tuning.py."""

    workers: int
    threads: int
    processes: int
    reason: str = ""

    @property
    def computing(self) -> int:
        """How many processes compute, and so how many copies of the model there are."""
        return self.workers * (self.processes or 1)

    def at_once(self, workload: Workload) -> int:
        """How many can compute at the same time."""
        if workload.gil_released and not self.processes:
            return self.workers * max(self.threads, 1)
        return self.computing

    @property
    def told(self) -> str:
        """It in words."""
        processes = "1 process" if self.processes == 1 else f"{self.processes} processes"
        parts = [plural(self.workers, "worker"), plural(self.threads, "thread"), processes]
        return ", ".join([parts[0], *(part for part in parts[1:] if not part.startswith("0 "))])


def size(count: int) -> str:
    """``1.5 GB``; to the byte where that would be rounded, as a byte may be what is missing."""
    for unit, name in ((GB, "GB"), (MB, "MB"), (10**3, "kB")):
        if count >= unit and round(float(short := f"{count / unit:.4g}") * unit) == count:
            return f"{short} {name}"
    return f"{count:,} bytes"


def broken(case: Case, plan: Plan) -> str:
    """Which rule ``plan`` breaks, and how; empty when it breaks none."""
    workload, cpus = case.workload, case.cpus
    if plan.workers < 1 or plan.threads < 0 or plan.processes < 0:
        return "There is at least one worker, and there are no fewer than 0 threads and processes."
    if workload.memory_bytes and plan.computing * workload.memory_bytes > case.memory_bytes:
        many = f"{plan.computing} processes that compute" if plan.computing > 1 else "one process that computes"
        return (f"Rule 1: {many} need {size(plan.computing * workload.memory_bytes)} for their copies of the model. When the memory is full, "
                "the system ends one of them, or all.")
    if plan.computing > cpus or plan.workers > cpus:
        kind = "wait for each other on the CPUs" if workload.cpu_bound else "bring nothing that an event loop wouldn't do: waiting needs no process"
        return f"Rule 2: {max(plan.computing, plan.workers)} processes for {cpus} CPUs {kind}."
    if not workload.cpu_bound:
        return ""
    if not workload.gil_released:
        return _broken_gil(case, plan)
    if plan.at_once(workload) < cpus:
        return (f"Rule 4: {plan.at_once(workload)} can compute at the same time, and there are {cpus} CPUs. The computing releases the GIL, so "
                "threads would do, and all threads of a process share its copy of the model.")
    if plan.at_once(workload) >= cpus + plan.workers:
        return f"Rule 4: {plan.at_once(workload)} threads compute on {cpus} CPUs; those beyond the CPUs only wait for one."
    return ""


def _broken_gil(case: Case, plan: Plan) -> str:
    expected = min(case.cpus, case.fitting)
    if plan.threads > 1 and plan.computing < expected:
        return (f"Rule 3: {plan.threads} threads in {_processes(plan.computing)}, where {_processes(expected)} could compute. The computing keeps "
                "the GIL: threads of one process take turns.")
    if plan.computing < expected:
        copies = f"{case.fitting} copies fit" if case.workload.memory_bytes else "there is no model that would have to fit"
        return f"Rule 3: {_processes(plan.computing)} would compute, and {expected} could: there are {case.cpus} CPUs, and {copies}."
    if plan.threads > 1:
        return f"Rule 3: {plan.threads} threads in each process. The computing keeps the GIL: one is all that can compute, the others get in its way."
    return ""


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def fewer(case: Case, plan: Plan, larger: Case, its: Plan) -> str:
    """How a ``larger`` machine's plan is the smaller one; empty when it isn't."""
    before, after = (min(p.at_once(c.workload), c.cpus) for c, p in ((case, plan), (larger, its)))
    if after >= before:
        return ""
    return (f"Rule 6: with {case.cpus} CPUs and {size(case.memory_bytes)} {before} can compute at the same time ({plan.told}), with "
            f"{larger.cpus} CPUs and {size(larger.memory_bytes)} only {after} ({its.told}).")


# -- what hypothesis draws

_seconds = st.sampled_from([0.0, 0.0005, 0.002, 0.01, 0.04, 0.1, 0.25, 1.0, 4.0])
_models = st.sampled_from([0, 1, 5 * MB, 120 * MB, 200 * MB, 1000 * MB, 1333 * MB, 7 * GB])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A workload of any kind on any machine, where the memory may be just enough, just not, or plenty."""
    cpu, wait = draw(_seconds), draw(_seconds)
    workload = Workload(cpu if cpu or wait else 0.01, wait, draw(_models), draw(st.booleans()))
    cpus = draw(st.integers(1, 70))
    copies = max(1, draw(st.sampled_from([1, 1, 2, 3, cpus - 1, cpus, cpus + 1, 5 * cpus])))
    spare = draw(st.sampled_from([0, 0, 1, workload.memory_bytes // 2, max(workload.memory_bytes - 1, 0)]))
    return Case(workload, cpus, copies * workload.memory_bytes + spare)


def enlarged(case: Case, cpus: int, copies: int) -> Case:
    """The same workload on a machine with more of both."""
    return replace(case, cpus=case.cpus + cpus, memory_bytes=case.memory_bytes + copies * max(case.workload.memory_bytes, 1))
