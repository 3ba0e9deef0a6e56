"""4.5 · A plan for a workload: workers, threads, processes, within the memory."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dojo.evidence import raised
from dojo.kata import Functions, Inconclusive, Red, beside, exercise
from dojo.plugin import RUN
from dojo.virtual_cpu import Hold, peak, timeline
from katas.phase2_observability.strategies import drawn
from katas.phase4_tuning.plans import GB, MB, Case, Plan, Workload, broken, cases, enlarged, fewer
from katas.phase4_tuning.virtual import load, machine, rate

pytestmark = exercise("4.5", edit="app/tuning.py")

PLANS = beside(__file__, "_plans_driver.py", "plans")

#: Kinds of work: what they cost without a model.
PURE_PYTHON = Workload(0.08, 0.0, 200 * MB, False)
NUMPY = Workload(0.08, 0.01, 200 * MB, True)
LOOK_UPS = Workload(0.002, 0.2, 200 * MB, False)
MIXED = Workload(0.05, 0.05, 200 * MB, False)


async def ask(learner: Functions, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """What recommend() says of each case."""
    try:
        results: list[dict[str, Any]] = await learner.call(PLANS, [case.sent() for case in cases])
    except Red as red:
        raise Red(str(red).replace("plans()", "recommend()")) from None
    return results


def read(case: Case, result: dict[str, Any]) -> Plan:
    """The plan that was made for ``case``; raises `Red` when that is none."""
    if "raised" in result:
        raise Red(f"{case.told}:\nrecommend() raised {raised(result['raised'])}")
    if "shown" in result:
        raise Red(f"{case.told}:\nrecommend() returned {result['shown']}. Expected a Plan.")
    fields = result["plan"]
    for name, kind in (("workers", int), ("threads", int), ("processes", int), ("reason", str)):
        if not isinstance(fields[name], kind):
            what = fields[name]["shown"] if isinstance(fields[name], dict) else repr(fields[name])
            raise Red(f"{case.told}:\nrecommend() made a plan whose {name} is {what}. Expected {'a text' if kind is str else 'a whole number'}.")
    if not fields["reason"].strip():
        raise Red(f"{case.told}:\nrecommend() made a plan without a reason. In a year somebody will ask for it.")
    return Plan(**fields)


async def check(learner: Functions, cases: Sequence[Case]) -> list[Plan]:
    """The plans for ``cases``, in each of which at least one copy fits; raises `Red` when one breaks a rule."""
    plans = []
    for case, result in zip(cases, await ask(learner, cases), strict=True):
        plan = read(case, result)
        if trouble := broken(case, plan):
            raise Red(f"{case.told}:\n{plan.told}, because “{plan.reason:.120}”.\n{trouble}")
        plans.append(plan)
    return plans


async def test_computing_in_python_takes_processes(learner: Functions) -> None:
    """Requests that compute and keep the GIL are shared out over processes, as many as there are CPUs."""
    await check(learner, [Case(PURE_PYTHON, cpus, 100 * GB) for cpus in (1, 2, 4, 7, 64)])


async def test_waiting_takes_no_processes(learner: Functions) -> None:
    """Requests that wait for others wait on the event loop: there are never more workers than CPUs for them."""
    slower = Workload(0.001, 10.0, 50 * MB, False)

    await check(learner, [Case(workload, cpus, 100 * GB) for workload in (LOOK_UPS, slower) for cpus in (1, 2, 4, 7, 64)])


async def test_the_memory_is_never_oversubscribed(learner: Functions) -> None:
    """All copies of the model together fit into the memory, and as many processes compute as have one."""
    exact = [Case(workload, 8, count * 200 * MB) for workload in (PURE_PYTHON, LOOK_UPS, MIXED) for count in (1, 2, 3, 8)]
    nearly = [Case(PURE_PYTHON, 8, count * 200 * MB - 1) for count in (2, 3, 9)]
    large = [Case(Workload(0.5, 0.1, 7 * GB, False), 64, 16 * GB), Case(Workload(0.01, 0.1, 7 * GB, False), 64, 16 * GB)]

    await check(learner, [*exact, *nearly, *large])


async def test_threads_share_what_releases_the_gil(learner: Functions) -> None:
    """Requests whose computing releases the GIL use all CPUs, with threads where there is no memory for more processes."""
    await check(learner, [Case(NUMPY, cpus, count * 200 * MB) for cpus in (1, 2, 4, 7) for count in (1, 2, 3, 20)])


async def test_without_a_model_memory_is_no_matter(learner: Functions) -> None:
    """A workload without a model, of 0 bytes, has as many processes as there are CPUs."""
    await check(learner, [Case(Workload(0.08, 0.0, 0, released), 4, memory) for released in (False, True) for memory in (0, 4 * GB)])


async def test_what_does_not_fit_has_no_plan(learner: Functions) -> None:
    """When not even one copy fits into the memory, `ValueError` is raised."""
    found = [Case(workload, cpus, memory) for workload in (PURE_PYTHON, NUMPY, LOOK_UPS) for cpus in (1, 4) for memory in (200 * MB - 1, 0)]

    for case, result in zip(found, await ask(learner, found), strict=True):
        if "raised" in result and "ValueError" not in result["kinds"]:
            raise Red(f"{case.told}: not even one copy fits.\nrecommend() raised {raised(result['raised'])}\nExpected a ValueError.")
        if "raised" not in result:
            plan = read(case, result)
            raise Red(f"{case.told}: not even one copy fits.\nrecommend() planned {plan.told}. Expected a ValueError: such a service "
                      "would be ended while it loads its model.")


async def test_half_and_half_is_cpu_bound(learner: Functions) -> None:
    """A request that computes as long as it waits is CPU-bound, and the rules for those hold."""
    border = [Workload(0.05, 0.05, 200 * MB, released) for released in (False, True)]
    above = [Workload(0.051, 0.05, 200 * MB, released) for released in (False, True)]

    await check(learner, [Case(workload, 4, count * 200 * MB) for workload in (*border, *above) for count in (1, 2, 50)])


async def test_more_never_gives_less(learner: Functions) -> None:
    """With more CPUs or more memory, never do fewer compute at the same time."""
    for workload in (PURE_PYTHON, NUMPY, LOOK_UPS, MIXED, Workload(0.02, 0.05, 200 * MB, True)):
        grown = [Case(workload, 1 + step // 2, (1 + (step + 1) // 2) * 200 * MB) for step in range(32)]
        plans = await check(learner, grown)
        for (case, plan), (larger, its) in itertools.pairwise(zip(grown, plans, strict=True)):
            assert not fewer(case, plan, larger, its), f"A request of {workload.told}.\n{fewer(case, plan, larger, its)}"


@drawn
@given(case=cases(), more_cpus=st.integers(0, 9), more_copies=st.integers(0, 9))
@example(case=Case(Workload(0.0, 1.0, 0, True), 1, 0), more_cpus=1, more_copies=0)
async def test_the_rules_hold_for_any_workload(learner: Functions, case: Case, more_cpus: int, more_copies: int) -> None:
    """The six rules hold for any workload on any machine."""
    larger = enlarged(case, more_cpus, more_copies)

    plan, its = await check(learner, [case, larger])

    assert not fewer(case, plan, larger, its), f"A request of {case.workload.told}.\n{fewer(case, plan, larger, its)}"


# -- live

#: The virtual machine's cores, and how many requests wait at the same time.
CORES, WAITING = 2, 16


async def computed(root: Path, folder: Path, plan: Plan, work: Workload) -> list[Hold]:
    """What was computed as ``plan`` says, on a machine of two cores, once as many did at once as can."""
    expected = min(CORES, plan.at_once(work))

    def enough(holds: list[Hold]) -> bool:
        return len(holds) >= 24 and peak(holds) >= expected

    async with machine(root, folder, CORES, plan.workers, plan.threads, plan.processes) as service:
        return await service.load(f"/compute{'?gil_released' if work.gil_released else ''}", 6, enough)


@pytest.mark.live
@pytest.mark.timeout(300)  # several servers are started, which only a busy machine takes long for
async def test_the_plan_for_computing_beats_its_opposite(learner: Functions, request: pytest.FixtureRequest, tmp_path: Path,
                                                         note: Callable[[str], None]) -> None:
    """On two virtual cores two compute at the same time by your plans, whether they keep the GIL or not; by the opposite plans it is one."""
    root = request.config.stash[RUN].launcher.root
    opposites = {"keep": ("2 threads of one worker", Plan(1, 2, 0)), "release": ("the loop of one worker", Plan(1, 0, 0))}
    for (kind, (told, opposite)), case in zip(opposites.items(), (Case(PURE_PYTHON, CORES, GB), Case(NUMPY, CORES, 200 * MB)), strict=True):
        plan, = await check(learner, [case])
        with_plan = await computed(root, tmp_path / f"{kind}-plan", plan, case.workload)
        without = await computed(root, tmp_path / f"{kind}-opposite", opposite, case.workload)
        if peak(with_plan) < CORES or peak(without) != 1:
            raise Inconclusive(f"Work that {kind}s the GIL on {CORES} virtual cores: by the plan ({plan.told}) {peak(with_plan)} computed at the "
                               f"same time, by its opposite ({told}) {peak(without)}. The machine has let them do less than they can.\n"
                               f"{timeline(with_plan)}")
        name = "process" if plan.processes else "worker"
        note(f"work that {kind}s the GIL, by your plan: {plan.told}, {rate(with_plan)} on {load()}\n{timeline(with_plan, name=name)}\n"
             f"by its opposite: {told}, {rate(without)}\n{timeline(without)}")


@pytest.mark.live
@pytest.mark.timeout(300)  # several servers are started, which only a busy machine takes long for
async def test_the_plan_for_waiting_beats_its_opposite(learner: Functions, request: pytest.FixtureRequest, tmp_path: Path,
                                                       note: Callable[[str], None]) -> None:
    """By your plan all of 16 requests wait at the same time; workers that serve one request at a time wait with as many as there are of them."""
    plan, = await check(learner, [Case(LOOK_UPS, CORES, GB)])
    root = request.config.stash[RUN].launcher.root

    async with machine(root, tmp_path / "plan", CORES, plan.workers, plan.threads, plan.processes) as service:
        waited = await service.waiting(WAITING, WAITING)
    async with machine(root, tmp_path / "opposite", CORES, CORES) as service:
        held = await service.waiting(WAITING, CORES, blocking=True)

    if waited < WAITING or held != CORES:
        raise Inconclusive(f"Of {WAITING} requests, {waited} waited at the same time by the plan ({plan.told}), and {held} in {CORES} workers that "
                           "serve one at a time: the machine was too busy to let all of them come.")
    copies = "one copy" if plan.computing == 1 else f"{plan.computing} copies"
    note(f"requests that wait: {waited} at once by your plan, with {copies} of the model;\n"
         f"{held} by its opposite, {CORES} workers that serve one at a time, with {CORES} copies")
