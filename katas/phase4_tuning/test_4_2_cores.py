"""4.2 · As many workers as there are CPUs for them: the affinity, and the container's quota."""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dojo.evidence import listed, raised
from dojo.kata import Functions, Inconclusive, Red, beside, exercise, keep_picture
from dojo.plugin import RUN
from dojo.virtual_cpu import Hold, overlap, peak, timeline
from katas.phase2_observability.strategies import drawn
from katas.phase4_tuning.machines import V1, V2, Machine
from katas.phase4_tuning.virtual import load, machine, rate

pytestmark = exercise("4.2", edit="app/tuning.py")

COUNTED, HERE = beside(__file__, "_cpus_driver.py", "counted"), beside(__file__, "_cpus_driver.py", "here")

WHY = {
    "machine": "That is what the machine has. What the process may use of it is another matter.",
    "affinity": "That is the affinity alone. A quota changes nothing there: the process may run on any of these CPUs, for a part of the time.",
    "quota": "That is the quota alone. More than those of its affinity it can't use.",
}


async def check(learner: Functions, machines: Sequence[Machine], *, same: bool = False) -> list[int]:
    """What usable_cpus() says of each machine, all of them at the ``same`` root or not; raises `Red` where that isn't right."""
    try:
        results: list[dict[str, Any]] = await learner.call(COUNTED, [made_up.case() for made_up in machines], same)
    except Red as red:
        raise Red(str(red).replace("counted()", "usable_cpus()")) from None
    for made_up, result in zip(machines, results, strict=True):
        expected = listed(sorted(map(str, made_up.expected))).replace(" and ", " or ")
        head = f"{made_up.told}.\n"
        if "raised" in result:
            raise Red(f"{head}usable_cpus(root) raised {raised(result['raised'])}\nExpected {expected}.")
        if "shown" in result:
            raise Red(f"{head}usable_cpus(root) returned {result['shown']}, a {result['type']}. Expected {expected}, a whole number.")
        value = result["value"]
        if value not in made_up.expected:
            raise Red(f"{head}usable_cpus(root) returned {value}. Expected {expected}.\n{why(made_up, value)}".rstrip())
    return [result["value"] for result in results]


def why(machine: Machine, value: int) -> str:
    """What the wrong number may be; empty when it looks like nothing."""
    if value == machine.affinity:
        return WHY["affinity"]
    if value == machine.cpus:
        return WHY["machine"]
    if value < 1:
        return "Somebody has to do the work: it is never less than one."
    if machine.quota is not None and machine.quota > 0:
        if value in (machine.quota // machine.period, -(-machine.quota // machine.period)):
            return WHY["quota"]
        if machine.period != 100_000 and value in (machine.quota // 100_000, -(-machine.quota // 100_000)):
            return "The quota is a time in each *period*, which is not the same everywhere."
    return ""


async def test_it_is_where_the_process_may_run(learner: Functions) -> None:
    """Without a container it is the number of CPUs on which the process may run, whatever the machine has."""
    await check(learner, [Machine(64, 64), Machine(64, 3), Machine(8, 1)])


async def test_a_quota_of_version_2_counts(learner: Functions) -> None:
    """With cgroups of version 2, it is the time divided by the period, as cpu.max says them."""
    await check(learner, [Machine(64, 64, V2, 200_000), Machine(64, 64, V2, 100_000), Machine(16, 12, V2, 800_000)])


async def test_a_quota_of_version_1_counts(learner: Functions) -> None:
    """With cgroups of version 1, it is cpu.cfs_quota_us divided by cpu.cfs_period_us."""
    await check(learner, [Machine(64, 64, V1, 300_000), Machine(64, 64, V1, 100_000), Machine(16, 12, V1, 800_000)])


async def test_the_period_counts(learner: Functions) -> None:
    """A quota is a time in each period: 50 ms of every 25 ms are two CPUs."""
    await check(learner, [Machine(64, 64, V2, 50_000, 25_000), Machine(64, 64, V1, 50_000, 25_000), Machine(64, 64, V2, 600_000, 200_000)])


async def test_no_quota_is_no_limit(learner: Functions) -> None:
    """``max`` in version 2, -1 in version 1, whatever the period, and files that aren't there, limit nothing."""
    await check(learner, [Machine(64, 5, V2, -1), Machine(64, 5, V1, -1), Machine(64, 5, V2), Machine(64, 5, V1), Machine(64, 64, V1, -1)])
    await check(learner, [Machine(64, 5, version, -1, period) for version in (V2, V1) for period in (50_000, 1_000_000)])


async def test_the_smaller_one_counts(learner: Functions) -> None:
    """With an affinity of four and a quota of sixteen it is four, and the other way round."""
    await check(learner, [Machine(64, 4, V2, 1_600_000), Machine(64, 4, V1, 1_600_000), Machine(64, 16, V2, 400_000), Machine(64, 16, V1, 400_000)])


async def test_it_is_at_least_one(learner: Functions) -> None:
    """Half a CPU is one, and so is a hundredth."""
    await check(learner, [Machine(64, 64, version, quota) for version in (V2, V1) for quota in (50_000, 1_000, 99_999)])


async def test_each_call_looks_anew(learner: Functions) -> None:
    """It is the machine at ``root`` that counts, a `str` or a `Path`, and not the one that was asked about before."""
    machines = [Machine(64, 64, V2, 200_000), Machine(64, 64, V2, 400_000), Machine(64, 2), Machine(64, 64, V1, 700_000), Machine(32, 32)]

    await check(learner, [replace(made_up, kind=kind) for made_up in machines for kind in ("path", "str")])
    await check(learner, machines, same=True)


@drawn
@given(cpus=st.integers(1, 256), part=st.floats(0, 1), cgroups=st.sampled_from([V1, V2]), quota=st.integers(1_000, 3_000_000),
       period=st.sampled_from([1_000, 10_000, 20_000, 50_000, 100_000, 250_000, 1_000_000]), kind=st.sampled_from(["path", "str"]))
@example(cpus=4, part=1.0, cgroups=V2, quota=250_000, period=100_000, kind="path")
async def test_any_quota_is_counted(learner: Functions, cpus: int, part: float, cgroups: str, quota: int, period: int, kind: str) -> None:
    """On any machine it is the smaller of affinity and quota, and at least one."""
    await check(learner, [Machine(cpus, max(1, round(cpus * part)), cgroups, quota, period, kind)])


async def test_it_counts_on_this_machine(learner: Functions) -> None:
    """Without an argument it is the process's own CPUs: once it may run on a single one, it is one."""
    if sys.platform != "linux":  # there is no affinity that could be changed; the rest has been judged
        return
    seen = await learner.call(HERE)

    assert seen["pinned"] == "1", f"The process was allowed to run on a single CPU of this machine, and usable_cpus() returned {seen['pinned']}."
    assert seen["free"].isdecimal(), f"usable_cpus() returned {seen['free']} on this machine."
    assert 1 <= int(seen["free"]) <= seen["allowed"], f"usable_cpus() returned {seen['free']} where the process may run on {seen['allowed']} CPUs."


@pytest.mark.live
@pytest.mark.timeout(300)  # several servers are started, which only a busy machine takes long for
async def test_more_workers_bring_no_more_overlap(learner: Functions, request: pytest.FixtureRequest, tmp_path: Path,
                                                  note: Callable[[str], None]) -> None:
    """With so many workers all cores of a container compute at the same time, and with twice as many workers no more than that."""
    root, cores = request.config.stash[RUN].launcher.root, random.choice((2, 3))
    workers, = await check(learner, [Machine(64, 64, V2, cores * 100_000)])

    right = await seen(root, tmp_path / "right", cores, workers)
    twice = await seen(root, tmp_path / "twice", cores, 2 * workers)

    if peak(right) < cores or peak(twice) < cores:
        raise Inconclusive(f"{workers} and {2 * workers} workers were to compute on {cores} virtual cores at the same time, and the machine did "
                           f"not let them: {peak(right)} and {peak(twice)} were seen to.\n{timeline(right)}")
    assert cores == peak(right), f"{peak(right)} workers computed at the same time, where the container has {cores} CPUs.\n{timeline(right)}"
    assert cores == peak(twice), f"{peak(twice)} workers computed at the same time, where the container has {cores} CPUs.\n{timeline(twice)}"
    keep_picture("workers", f"Workers on {cores} virtual cores",
                 rows=[{"workers": number, "overlap": overlap(holds)} for number, holds in ((workers, right), (2 * workers, twice))])
    note(f"{workers} workers on {cores} virtual cores: {overlap(right):.2f} computed at once, {rate(right)}; "
         f"{2 * workers} workers: {overlap(twice):.2f}, {rate(twice)} (on {load()})")
    note(str(timeline(twice)))


async def seen(root: Path, folder: Path, cores: int, workers: int) -> list[Hold]:
    """What so many workers computed on so many cores, once each of them has, and all cores were in use."""
    def enough(holds: list[Hold]) -> bool:
        return len(holds) >= 12 * cores and peak(holds) >= cores and len({hold.process for hold in holds}) == workers

    async with machine(root, folder, cores, workers) as service:
        return await service.load("/compute", 2 * workers, enough)
