"""3.5 · A load that grows in steps, and the step at which the service breaks."""

import asyncio
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import groupby, pairwise
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import example, given

from dojo.evidence import raised
from dojo.kata import Functions, Inconclusive, Load, LoadRun, Red, beside, exercise, keep_picture, listed, plural
from dojo.plugin import RUN
from katas.phase3_load_testing.capacity import Asked, Capacity
from katas.phase3_load_testing.curves import Step, again, breaking_point, curves, drawn, rejection, table

pytestmark = exercise("3.5", edit=("locustfile.py", "app/loadtest/analysis.py"))

ANALYSIS, SHAPE = beside(__file__, "_analysis_driver.py", "points"), beside(__file__, "_shape_driver.py", "ticks")
#: The host imports Locust, on a busy machine for long. In seconds; only ends a hang.
PATIENCE = 60.0

#: What is asked of StepLoad: users at first and at last, and seconds of a step and of the whole.
MOST_AT_FIRST, LEAST_AT_LAST, SHORTEST_STEP, LONGEST_LOAD = 4, 40, 2.0, 30.0

#: The objective of the live load. With 8 places of 50 ms, n users without a pause wait n/160 s: up to 24 of them meet it.
SLO, MOST_FAILED = 0.15, 0.01
#: What is left out at the beginning of a step, while its users come, and the least that has to be left of it. In seconds.
SETTLING, LEAST_WINDOW = 0.5, 0.5
#: How far the throughput of the breaking point may be from the known capacity, as a part of it.
CLOSE = 0.2
#: So many latencies of a step are kept for the report.
KEPT = 500


# -- StepLoad


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def ticks(request: pytest.FixtureRequest) -> list[list[Any]]:
    """When StepLoad said what: seconds, and users and rate, None, or what else it was."""
    functions: Functions = await request.config.stash[RUN].functions("3.5")
    try:
        done: list[list[Any]] | None = await functions.call(SHAPE, 2 * LONGEST_LOAD, patience=PATIENCE)
    except Red as red:
        raise Red(str(red).replace("ticks() raised an exception", "StepLoad.tick() could not be asked")
                  .replace("ticks()", "StepLoad.tick()")) from None
    finally:
        await functions.close()
    if done is None:
        raise Red("With LOAD_SHAPE=StepLoad in the environment, `abstract` of StepLoad is still true: Locust leaves such a class alone, and the load "
                  "would stay as it is for ever. Set it as the given file does: abstract = os.environ.get(\"LOAD_SHAPE\") != \"StepLoad\".")
    return done


def levels(ticks: list[list[Any]]) -> list[tuple[int, float, float]]:
    """The steps of a load: users, and from when until when."""
    grouped = [(users, [at for at, _ in group]) for users, group in groupby(ticks, key=lambda tick: tick[1] and tick[1][0])]
    return [(users, times[0], following[1][0]) for (users, times), following in pairwise(grouped) if users is not None]


def shown(steps: Sequence[tuple[int, float, float]]) -> str:
    """Steps in words."""
    told = ", ".join(f"{users}" for users, _, _ in steps[:12])
    return f"Its users, one step after the other: {told}{', …' if len(steps) > 12 else ''}."


async def test_step_load_comes_to_an_end(ticks: list[list[Any]]) -> None:
    """`tick()` returns how many users there are to be and how many come in a second, and None within 30 seconds, when the load is over."""
    strange = next((tick for tick in ticks if isinstance(tick[1], dict)), None)
    if strange is not None:
        raise Red(f"After {strange[0]:.0f} s, tick() returned {strange[1]['shown']}. It returns two numbers, such as (8, 8), or None.")
    odd = next((tick for tick in ticks if tick[1] and (tick[1][0] != int(tick[1][0]) or tick[1][0] < 1)), None)
    if odd is not None:
        raise Red(f"After {odd[0]:.0f} s, tick() asked for {odd[1][0]} users. It is a whole number of at least 1 until the load is over.")
    at, last = ticks[-1]
    assert last is None, f"After {at:.0f} s the load went on, with {last[0]} users. It is over within {LONGEST_LOAD:.0f} s: then tick() returns None."
    assert len(ticks) > 1, "At its first call, tick() returned None: the load was over before it began."
    assert at <= LONGEST_LOAD + 1, f"The load was over after {at:.0f} s. It takes at most {LONGEST_LOAD:.0f} s."


async def test_each_step_has_more_users(ticks: list[list[Any]]) -> None:
    """The load begins with at most 4 users and ends with at least 40; each step has more users than the one before, at most twice as many."""
    steps = levels(ticks)
    first, last = steps[0][0], steps[-1][0]

    for (before, _, _), (after, at, _) in pairwise(steps):
        assert after > before, f"After {at:.0f} s the users went from {before} to {after}: they become more with each step. {shown(steps)}"
        assert after <= 2 * before, (
            f"After {at:.0f} s the users went from {before} to {after}, more than twice as many. What lies between the two is not tried, and the "
            f"breaking point may lie there. {shown(steps)}"
        )
    assert first <= MOST_AT_FIRST, f"The load begins with {first} users: how the service does without a load is not seen. {shown(steps)}"
    assert last >= LEAST_AT_LAST, f"The load ends with {last} users: it does not come to the point at which something breaks. {shown(steps)}"


async def test_each_step_lasts(ticks: list[list[Any]]) -> None:
    """Each step lasts for at least two seconds, with all of its users from the first on."""
    steps = levels(ticks)

    for users, begin, end in steps:
        assert end - begin >= SHORTEST_STEP, (
            f"The step of {plural(users, 'user')} lasts for {end - begin:.0f} s. That is a ramp, and no step: before anything has been "
            f"measured, there are other users. {shown(steps)}"
        )
    before = 0
    for users, begin, _ in steps:
        rate = next(tick[1][1] for tick in ticks if tick[0] == begin)
        assert rate >= users - before, (
            f"In the step of {users} users, {users - before} are new, and {rate:g} of them come in a second: the step is over before all of them "
            "are there, and Locust does not ask for the next one until then."
        )
        before = users


# -- breaking_point()


class Points:
    """The learner's breaking_point(). Once the module could not be used, it isn't tried again."""

    def __init__(self, learner: Functions) -> None:
        self._learner = learner
        self._trouble: Red | None = None

    async def __call__(self, cases: Sequence[tuple[Sequence[Step], float, float]], kind: str = "list") -> list[dict[str, Any]]:
        """What it says of each case: steps, p95, failure rate."""
        if self._trouble is not None:
            raise self._trouble
        sent = [[[[s.users, s.rps, s.p95_s, s.failure_rate] for s in steps], slo, failed, kind] for steps, slo, failed in cases]
        try:
            done: list[dict[str, Any]] = await self._learner.call(ANALYSIS, sent, patience=PATIENCE)
        except Red as red:
            self._trouble = Red(str(red).replace("points() raised an exception", "app/loadtest/analysis.py could not be used")
                                .replace("points()", "breaking_point()"))
            raise self._trouble from None
        return done


@pytest.fixture
def points(learner: Functions) -> Points:
    """The learner's breaking_point()."""
    return Points(learner)


def named(step: Step | None) -> str:
    """A step as messages call it."""
    return "None" if step is None else f"the step of {plural(step.users, 'user')}"


def check(steps: Sequence[Step], slo: float, failed: float, result: dict[str, Any], more: str = "") -> None:
    """Checks one result against the rule."""
    expected = breaking_point(steps, slo, failed)
    head = f"{table(steps, slo, failed)}\n" if steps else ""
    order = [step.users for step in steps]
    if order != sorted(order):
        head += f"They were given in another order: those of {listed([str(users) for users in order])} users.\n"
    head += f"breaking_point({'steps' if steps else '[]'}, {slo:.4g}, {failed:.4g}) "
    if "raised" in result:
        raise Red(f"{head}raised {raised(result['raised'])}\nExpected {named(expected)}.{more}")
    value = result["value"]
    if isinstance(value, dict) and value.get("changed"):
        raise Red(f"{head}changed the list of steps that it was given. sorted() makes a list of its own.{more}")
    if isinstance(value, dict | bool):
        told = value["shown"] if isinstance(value, dict) and "shown" in value else f"a step that was not among those given: {value}"
        raise Red(f"{head}returned {told}\nExpected {named(expected)}.{more}")
    found = None if value is None else steps[value]
    if found != expected:
        raise Red(f"{head}returned {named(found)}.\nExpected {named(expected)}: {because(steps, slo, failed, found, expected)}.{more}")


def because(steps: Sequence[Step], slo: float, failed: float, found: Step | None, expected: Step | None) -> str:
    """Why it isn't the step that was found."""
    if found is not None and (reason := rejection(found, steps, slo, failed)):
        return f"of the step of {plural(found.users, 'user')}, {reason}"
    if expected is None:
        return "no step meets the rule"
    if found is None:
        return "it met the objective, no step that met it has more than 5 % more throughput, and more users were tried"
    return f"that is true of the step of {found.users} users as well, and this one has more users"


async def test_the_last_step_that_holds_is_found(points: Points) -> None:
    """Of a load that grows until the objective is broken, it is the last step that met the objective."""
    steps = [Step(2, 40.0, 0.051, 0.0), Step(4, 79.0, 0.053, 0.0), Step(8, 157.0, 0.06, 0.0), Step(16, 159.0, 0.104, 0.002),
             Step(32, 160.0, 0.21, 0.004), Step(64, 158.0, 0.42, 0.03)]
    growing = [Step(2, 40.0, 0.051, 0.0), Step(4, 79.0, 0.053, 0.0), Step(8, 157.0, 0.06, 0.2), Step(16, 230.0, 0.07, 0.5)]
    cases = [(steps, 0.15, 0.01), (steps, 0.3, 0.01), (steps, 0.055, 0.01), (growing, 0.15, 0.01)]

    for case, result in zip(cases, await points(cases), strict=True):
        check(*case, result)


async def test_a_load_that_never_got_there_has_none(points: Points) -> None:
    """It is None for no steps, for a single one, when none met the objective, and while the last step still brings more."""
    up = [Step(users, 20.0 * users, 0.05, 0.0) for users in (1, 2, 4, 8)]
    cases = [([], 0.1, 0.0), (up[:1], 0.1, 0.0), (up, 0.1, 0.0), (up, 0.01, 0.0), (up[:2], 0.1, 0.0),
             ([Step(each.users, each.rps, each.p95_s, 0.5) for each in up], 0.1, 0.1)]

    for case, result in zip(cases, await points(cases), strict=True):
        check(*case, result)


async def test_the_limits_themselves_are_met(points: Points) -> None:
    """A p95 that is exactly the objective meets it, and so does a failure rate; with a limit of 0, a step without failures does."""
    steps = [Step(4, 80.0, 0.1, 0.0), Step(8, 160.0, 0.25, 0.125), Step(16, 162.0, 0.5, 0.25)]
    cases = [(steps, 0.25, 0.125), (steps, 0.25, 0.0), (steps, 1.0, 0.0), (steps, 0.1, 1.0)]

    for case, result in zip(cases, await points(cases), strict=True):
        check(*case, result)


async def test_a_hiccup_is_no_breaking_point(points: Points) -> None:
    """One bad step between good ones, or a dip in the throughput, does not end the search."""
    cases = [
        ([Step(4, 80.0, 0.05, 0.0), Step(8, 90.0, 0.9, 0.0), Step(16, 300.0, 0.05, 0.0), Step(32, 305.0, 0.4, 0.0)], 0.2, 0.0),
        ([Step(4, 80.0, 0.9, 0.0), Step(8, 160.0, 0.05, 0.0), Step(16, 161.0, 0.05, 0.0), Step(32, 160.0, 0.4, 0.0)], 0.2, 0.0),
        ([Step(4, 80.0, 0.05, 0.0), Step(8, 50.0, 0.06, 0.0), Step(16, 250.0, 0.07, 0.0), Step(32, 255.0, 0.4, 0.0)], 0.2, 0.0),
        ([Step(4, 80.0, 0.05, 0.0), Step(8, 160.0, 0.06, 0.0), Step(16, 60.0, 0.07, 0.0), Step(32, 155.0, 0.4, 0.0)], 0.2, 0.0),
    ]

    for case, result in zip(cases, await points(cases), strict=True):
        check(*case, result)


async def test_throughput_may_stay_or_fall(points: Points) -> None:
    """When all steps meet the objective, it is the last that has the most throughput, but for 5 %, and that more users came after."""
    flat = [Step(users, rps, 0.05, 0.0) for users, rps in ((4, 100.0), (8, 101.0), (12, 99.0), (16, 100.0))]
    falling = [Step(users, rps, 0.05, 0.0) for users, rps in ((4, 100.0), (8, 150.0), (12, 130.0), (16, 90.0))]
    from_the_start = [Step(users, rps, 0.05, 0.0) for users, rps in ((4, 100.0), (8, 80.0), (12, 60.0))]
    saturating = [Step(users, rps, 0.05, 0.0) for users, rps in ((4, 1000.0), (8, 1500.0), (12, 1600.0), (16, 1620.0))]
    slow = [Step(users, rps, 0.05, 0.0) for users, rps in ((4, 0.5), (8, 1.0), (12, 1.3), (16, 1.31))]
    # Each step is within 5 % of the one before it, and the last ones are far below the most.
    sagging = [Step(users, rps, 0.05, 0.0) for users, rps in ((4, 120.0), (8, 160.0), (12, 155.0), (16, 150.0), (24, 145.0), (32, 140.0))]
    # The most comes in two small rises: neither is more than 5 %, and both together are.
    uneven = [Step(users, rps, 0.05, 0.0) for users, rps in ((4, 104.5), (8, 109.5), (12, 100.0), (16, 80.0))]
    cases = [(steps, 0.2, 0.0) for steps in (flat, falling, from_the_start, saturating, slow, sagging, uneven)]

    for case, result in zip(cases, await points(cases), strict=True):
        check(*case, result)


async def test_steps_may_come_in_any_order(points: Points) -> None:
    """The steps' users say which is the last, not their places; tuple or list, they are left as they are."""
    steps = [Step(16, 159.0, 0.104, 0.0), Step(2, 40.0, 0.051, 0.0), Step(64, 158.0, 0.42, 0.03), Step(4, 79.0, 0.053, 0.0),
             Step(8, 157.0, 0.06, 0.0)]
    cases = [(order, slo, 0.01) for order in itertools.permutations(steps) for slo in (0.15, 0.055)]

    for kind in ("tuple", "list"):
        for case, result in zip(cases, await points(cases, kind), strict=True):
            check(*case, result)


async def test_every_short_load_is_right(points: Points) -> None:
    """Every load of up to four steps, of three throughputs, that met the objective or broke one part of it or the other, is judged right."""
    kinds = [(rps, p95, failed) for rps in (100.0, 102.0, 150.0) for p95, failed in ((0.1, 0.01), (0.3, 0.0), (0.1, 0.2))]
    cases = []
    for count in range(1, 5):
        for kind in itertools.product(kinds if count < 4 else [each for each in kinds if each[2] < 0.1], repeat=count):
            steps = [Step(4 * 2**place, *each) for place, each in enumerate(kind)]
            random.Random(len(cases)).shuffle(steps)
            cases.append((steps, 0.1, 0.01))

    for case, result in zip(cases, await points(cases), strict=True):
        check(*case, result)


@drawn
@given(curve=curves())
@example(([Step(1, 10.0, 0.1, 0.0)], 1.0, 0.0))
async def test_the_rule_holds_for_any_curve(points: Points, curve: tuple[list[Step], float, float]) -> None:
    """On noisy curves of the universal scalability law, with any objective, it is the step that the rule says."""
    result, = await points([curve])

    check(*curve, result, f"\nThe run that drew it:\n{again('3.5')}")


# -- live


@pytest.mark.live
async def test_a_known_capacity_is_found(points: Points, ticks: list[list[Any]], load: Load, note: Callable[[str], None]) -> None:
    """StepLoad drives a service that can do 160 requests a second, and the breaking point of what it was seen to do is within 20 % of that."""
    users = [int(users) for users, _, _ in levels(ticks)]
    service = await Capacity().start()
    try:
        run = await load.run("StepUser", host=service.url, seconds=2 * LONGEST_LOAD, shape="StepLoad",
                             locustfile=beside(__file__, "_step_users.py", "")[:-1], enough=lambda: seen(service, users[-1]))
    finally:
        await service.stop()
    steps = measured(service, users)

    if run.errors:
        raise Inconclusive(f"a simulated user failed: {raised(run.errors[0])}")
    expected = breaking_point(steps, SLO, MOST_FAILED)
    picture = table(steps, SLO, MOST_FAILED)
    if len(steps) < len(users) or expected is None or not close(expected.rps, service):
        raise Inconclusive(reason(run, steps, users) + f"\nSeen by the service:\n{picture}")
    result, = await points([(steps, SLO, MOST_FAILED)])
    value = result.get("value")
    found = steps[value] if isinstance(value, int) and not isinstance(value, bool) else None
    if found is None or not close(found.rps, service):
        check(steps, SLO, MOST_FAILED, result)
        raise Red(f"{picture}\nbreaking_point() returned {named(found)}, and the service can do {service.rps:.0f} requests a second.")
    note(f"breaking point: {found.users} users, {found.rps:.0f}/s of {service.rps:.0f}/s")
    keep_picture("curve", "A load that grows in steps", steps=[asdict(step) for step in steps], breaking_point=found.users, slo_p95_s=SLO)
    keep_picture("latencies", "Latencies while the load grew", series={
        f"{count} users": [round((asked.answered or 0.0) - asked.came, 4) for asked in window][:KEPT]
        for count, window in windows(service, [steps[0].users, found.users, steps[-1].users])
    })


def close(rps: float, service: Capacity) -> bool:
    """Whether a throughput is that of the service's capacity."""
    return abs(rps - service.rps) <= CLOSE * service.rps


def seen(service: Capacity, most: int) -> bool:
    """Whether the last step has lasted long enough."""
    return len(service.opened) >= most and asyncio.get_running_loop().time() - service.opened[most - 1] >= SETTLING + 1.0


def measured(service: Capacity, users: list[int]) -> list[Step]:
    """What the service saw of each step: its requests between when the last of its users had come, and when the next one came.

    Each user has a connection of its own. A step of which nothing is left is left out.
    """
    answered = [asked for asked in service.asked if asked.answered is not None]
    steps = []
    for count in users:
        if len(service.opened) < count or not answered:
            break
        begin, end = window_of(service, count, answered)
        window = within(answered, begin, end)
        if end - begin >= LEAST_WINDOW and window:
            steps.append(Step(count, len(window) / (end - begin), percentile(window), 0.0))
    return steps


def window_of(service: Capacity, count: int, answered: list[Asked]) -> tuple[float, float]:
    """From when until when there were so many users, without the moment in which they came."""
    end = service.opened[count] if len(service.opened) > count else max(asked.answered or 0.0 for asked in answered)
    return service.opened[count - 1] + SETTLING, end


def within(answered: list[Asked], begin: float, end: float) -> list[Asked]:
    """The requests that were answered in a window."""
    return [asked for asked in answered if begin <= (asked.answered or 0.0) < end]


def windows(service: Capacity, users: list[int]) -> list[tuple[int, list[Asked]]]:
    """For each number of users the requests that the service answered while there were so many."""
    answered = [asked for asked in service.asked if asked.answered is not None]
    return [(count, within(answered, *window_of(service, count, answered))) for count in users]


def percentile(window: list[Asked]) -> float:
    """The p95, by nearest rank."""
    took = sorted((asked.answered or 0.0) - asked.came for asked in window)
    return took[max(math.ceil(len(took) * 95 / 100), 1) - 1]


def reason(run: LoadRun, steps: list[Step], users: list[int]) -> str:
    """Why the run says nothing."""
    if run.generator is not None and run.generator.strained():
        return run.generator.strained()
    if len(steps) < len(users):
        return f"of {len(users)} steps, {len(users) - len(steps)} were not seen for long enough: Locust got too little of the CPU"
    return "the service did not come to its known capacity, or its answers came late: it got too little of the CPU"
