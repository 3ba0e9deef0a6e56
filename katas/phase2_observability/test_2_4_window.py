"""2.4 · The last N latencies, the totals of all, and threads that lose nothing."""

import asyncio
import itertools
import math
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from dojo.kata import Functions, Red, exercise, quoted, where
from katas.phase2_observability.asking import Asked, as_code, is_error, is_number, number, pasted, shown
from katas.phase2_observability.strategies import PROFILE, again, capacity, drawn, latency, no_latency

pytestmark = exercise("2.4", edit="app/metrics.py")

#: How far total_seconds may be from the exact sum, as a part of it: adding one by one in floating point is exact enough.
TOLERANCE = 1e-9
WHY_TOTALS = "The totals count everything that was ever added: Prometheus makes rates of them, and takes a fall for a restart of the service."


@pytest.fixture
def ask(learner: Functions) -> Asked:
    """The learner's LatencyWindow."""
    return Asked(learner, "A call of your LatencyWindow")


# -- the model: a plain list of all that was added


def expected(capacity: int, added: list[float]) -> dict[str, Any]:
    """All that a window of ``capacity`` shows after ``added``."""
    kept = added[-capacity:]
    return {"snapshot()": kept, "len()": len(kept), "total_count": len(added), "total_seconds": math.fsum(added)}


def agrees(name: str, value: Any, seen: Any) -> bool:
    """Whether a window shows under ``name`` what the model says."""
    if name == "snapshot()":
        return isinstance(seen, list) and value == seen
    if name == "total_seconds":
        return is_number(seen) and math.isclose(value, seen, rel_tol=TOLERANCE, abs_tol=1e-12)
    return is_number(seen) and bool(value == seen)


def of_window(name: str, window: str = "window") -> str:
    """How a window is asked for ``name``, in source text."""
    return f"len({window})" if name == "len()" else f"{window}.{name}"


def program(capacity: int, added: list[float]) -> str:
    """What was done, in words."""
    return f"A window of {capacity}, after add() of {', '.join(f'{x:g}' for x in added) or 'nothing'}:"


def check(capacity: int, added: list[float], seen: dict[str, Any], told: str = "") -> None:
    """Checks all that a window shows against the model."""
    for name, value in expected(capacity, added).items():
        assert agrees(name, value, seen[name]), f"{told or program(capacity, added)}\n{difference(name, value, seen[name])}"


def difference(name: str, value: Any, seen: Any, asked: str = "") -> str:
    """What a window shows and should show, and why it matters."""
    why = ""
    if name == "snapshot()" and isinstance(seen, dict) and "type" in seen:
        why = "\nA snapshot is a list, which its owner may keep and change."
    elif name == "snapshot()" and isinstance(seen, list):
        if value == seen[::-1]:
            why = "\nThe oldest comes first."
        elif sorted(value) == sorted(x for x in seen if x is not None) and len(value) == len(seen):
            why = "\nThe samples are the right ones, in another order: the oldest comes first."
    elif name.startswith("total"):
        method = isinstance(seen, dict) and seen.get("type") == "method"
        why = f"\n{name} is read without parentheses: make it an attribute or a property." if method else "\n" + WHY_TOTALS
    return f"{asked or of_window(name)} {shown(seen)}\nExpected {value!r}.{why}"


def no_error(result: Any, told: str) -> None:
    """Checks that a call of add() did not raise."""
    assert not is_error(result), f"{told} {shown(result)}"


async def one(ask: Asked, capacity: int, steps: list[list[Any]]) -> dict[str, Any]:
    """What comes of one window and its steps, without the window's number."""
    script = {"capacities": [capacity], "steps": [[0, *step] for step in steps]}
    done: dict[str, Any] = (await ask("latency_window", [script]))[0]
    no_error(done["made"][0], f"LatencyWindow({capacity})")
    return done


# -- one thread


async def test_the_last_three_of_five_are_kept(ask: Asked) -> None:
    """A window of three, given five samples, keeps the last three, oldest first; the totals are of all five."""
    added = [0.5, 0.1, 0.4, 0.2, 0.3]

    done = await one(ask, 3, [*(["add", seconds] for seconds in added), ["look"]])

    for seconds, result in zip(added, done["results"], strict=False):
        no_error(result, f"window.add({seconds})")
    check(3, added, done["results"][-1])


async def test_a_window_begins_empty(ask: Asked) -> None:
    """A new window keeps nothing, and its totals are 0."""
    done = await one(ask, 3, [["look"]])

    check(3, [], done["results"][0], "A new window of 3:")


async def test_every_small_window_is_right(ask: Asked) -> None:
    """Windows of one to three, with every way to add up to seven samples out of two values, show the right ones after each."""
    cases = [(size, list(added)) for size in (1, 2, 3) for added in itertools.product((0.0, 0.25), repeat=7)]
    cases += [(size, [each / 8 for each in range(3 * size + 2)]) for size in (1, 2, 3, 4, 5, 8, 13)]

    scripts = [{"capacities": [size], "steps": [step for seconds in added for step in ([0, "add", seconds], [0, "look"])]} for size, added in cases]
    for (size, added), done in zip(cases, await ask("latency_window", scripts), strict=True):
        for count, (result, seen) in enumerate(zip(done["results"][::2], done["results"][1::2], strict=True), 1):
            no_error(result, f"{program(size, added[:count - 1])[:-1]}, add({added[count - 1]})")
            check(size, added[:count], seen)


async def test_totals_are_of_all_samples(ask: Asked) -> None:
    """After 2,000 samples in a window of 50, the totals are of all 2,000, and the snapshot has the last 50; a window of 3,000 keeps 3,000."""
    added = [0.001 * (each % 97) + 1e-7 * each for each in range(3100)]

    for size, count in ((50, 2000), (3000, 3100)):
        done = await one(ask, size, [*(["add", seconds] for seconds in added[:count]), ["look"]])

        seen, told = done["results"][-1], f"A window of {size}, after {count} samples:"
        if isinstance(kept := seen["snapshot()"], list) and len(kept) != size:
            raise Red(f"{told}\nwindow.snapshot() returned {len(kept)} samples\nExpected {size}: the last ones, as many as the capacity says.")
        check(size, added[:count], seen, told)


async def test_any_finite_time_is_a_sample(ask: Asked) -> None:
    """However short or long it is, a finite time is a sample: a download may take a day."""
    added = [0.0, 5e-324, 1.25e-9, 0, 2, 3600.5, 86400.0, 1e12]  # 0 and 2 are numbers of seconds like any other, though no floats

    done = await one(ask, 10, [step for seconds in added for step in (["add", seconds], ["look"])])

    for count, (result, seen) in enumerate(zip(done["results"][::2], done["results"][1::2], strict=True), 1):
        no_error(result, f"window.add({added[count - 1]})")
        check(10, added[:count], seen)


async def test_a_capacity_below_one_is_an_error(ask: Asked) -> None:
    """A capacity that is no whole number of at least 1 is a ValueError."""
    capacities = [0, -1, -1000, 0.5, 2.5]

    answers = await ask("latency_window", [{"capacities": [each], "steps": []} for each in capacities])

    for each, done in zip(capacities, answers, strict=True):
        assert is_error(done["made"][0], "ValueError"), (
            f"LatencyWindow({each}) {shown(done['made'][0]) if done['made'][0] else 'was made.'}\n"
            "Expected a ValueError: such a window can't keep what it promises, and the place to say so is where it is made."
        )


async def test_what_is_no_latency_is_refused(ask: Asked) -> None:
    """A sample that is negative, infinite or NaN is a ValueError, and changes nothing; 0 is a sample like any other."""
    for refused in (-1.0, -1e-9, float("nan"), float("inf"), float("-inf")):
        for added in ([], [0.0], [0.25, 0.0, 0.5]):
            steps = [*(["add", seconds] for seconds in added), ["add", refused], ["look"], ["add", 0.75], ["look"]]

            result, seen, after, later = (await one(ask, 2, steps))["results"][-4:]

            text = number(refused)
            assert is_error(result, "ValueError"), (
                f"window.add({text}) {'was taken.' if result is None else shown(result)}\nExpected a ValueError: "
                + ("one NaN makes every sum a NaN from then on." if math.isnan(refused) else
                   "one infinity makes every sum infinite from then on." if math.isinf(refused) else "no request ends before it begins.")
            )
            check(2, added, seen, f"{program(2, added)[:-1]} and of {text}, which was refused:")
            no_error(after, f"window.add({text}) was refused. The next one, window.add(0.75),")
            check(2, [*added, 0.75], later, f"{program(2, [*added, 0.75])[:-1]}, with an add({text}) before the last, which was refused:")


async def test_a_snapshot_is_a_copy(ask: Asked) -> None:
    """Whoever has a snapshot may change it: the window stays as it is, and the snapshot doesn't change with the window."""
    added = [0.5, 0.1, 0.4]
    steps = [*(["add", seconds] for seconds in added), ["look"], ["spoil"], ["look"], ["add", 0.2], ["add", 0.3], ["look"]]

    done = await one(ask, 3, steps)

    first, spoiled, second, *_, last = done["results"][3:]
    check(3, added, first)
    no_error(spoiled, "Sorting, lengthening and shortening a snapshot")
    check(3, added, second, "Its owner sorted, lengthened and shortened a snapshot. Then, in the window:")
    check(3, [*added, 0.2, 0.3], last)
    assert added == done["later"][0], (
        f"A snapshot was {as_code(added)}. After two more samples, the same list is {as_code(done['later'][0])}.\n"
        "It is the window's own list: who sorts it or goes through it while requests end sees it change."
    )


async def test_windows_share_nothing(ask: Asked) -> None:
    """What is added to one window is seen in no other."""
    steps = [[0, "add", 0.5], [1, "add", 0.1], [0, "add", 0.4], [0, "look"], [1, "look"], [2, "look"]]

    done = (await ask("latency_window", [{"capacities": [3, 3, 2], "steps": steps}]))[0]

    for added, seen in zip(([0.5, 0.4], [0.1], []), done["results"][-3:], strict=True):
        check(3, added, seen, f"Of three windows, the one to which {', '.join(map(str, added)) or 'nothing'} was added:")


async def test_what_is_dropped_is_forgotten(ask: Asked) -> None:
    """The memory of a window doesn't grow with the number of samples that were added, nor with those that were refused."""
    first, last, looks = 2_000, 22_000, range(52_000, 82_001, 2_000)
    for refused, what in ((False, "samples"), (True, "samples that it refused")):

        async def held(*counts: int, refused: bool = refused, what: str = what) -> list[int]:
            done = await ask("memory", 10, counts, refused)
            no_error(done["failed"], f"A window of 10 was given {counts[-1]:,} {what}. add()")
            return list(done["held"])

        # What is kept of a sample costs 8 bytes at the very least: 20,000 of them are 160 kB.
        early, late = await held(first, last)
        if late - early < 80_000:
            continue
        # It may be removed seldom, with many others: then one of these looks comes soon after that.
        early, *later = await held(first, *looks)
        assert min(later) - early < 80_000, (
            f"A window of 10 holds {early / 1000:.0f} kB after {first:,} {what}, and never less than {min(later) / 1000:.0f} kB from {looks[0]:,} "
            f"of them to {looks[-1]:,}: it keeps what it no longer shows. At 1,000 requests a second, that is the machine's memory some day."
        )


# -- any history


class History(RuleBasedStateMachine):
    """What may be done to two windows, one step after the other."""

    #: Runs a script in the host; set for each run. Returns what is wrong.
    run: Callable[[dict[str, Any]], str]
    #: The script of the last failure.
    failed: ClassVar[list[dict[str, Any]]] = []

    def __init__(self) -> None:
        super().__init__()
        self.script: dict[str, Any] = {"capacities": [], "steps": []}

    @initialize(first=capacity, second=capacity)
    def make(self, first: int, second: int) -> None:
        """Two new windows."""
        self.script["capacities"] = [first, second]

    @rule(window=st.integers(0, 1), seconds=latency)
    def add(self, window: int, seconds: float) -> None:
        """A sample."""
        self.script["steps"].append([window, "add", seconds])

    @rule(window=st.integers(0, 1), more=st.lists(latency, min_size=2, max_size=12))
    def add_more(self, window: int, more: list[float]) -> None:
        """Several, so that windows fill up and go round."""
        self.script["steps"] += [[window, "add", seconds] for seconds in more]

    @rule(window=st.integers(0, 1), seconds=no_latency)
    def refuse(self, window: int, seconds: float) -> None:
        """One that can't be."""
        self.script["steps"].append([window, "add", seconds])

    @rule(window=st.integers(0, 1))
    def look(self, window: int) -> None:
        """All that a window shows."""
        self.script["steps"].append([window, "look"])

    @rule(window=st.integers(0, 1))
    def spoil(self, window: int) -> None:
        """Somebody changes a snapshot."""
        self.script["steps"].append([window, "spoil"])

    def teardown(self) -> None:
        """Asks for all of it at once, and compares with the model."""
        if not self.script["capacities"]:
            return
        self.script["steps"] += [[0, "look"], [1, "look"]]
        if wrong := self.run(self.script):
            self.failed.append(self.script)
            raise AssertionError(wrong)


def complaint(script: dict[str, Any], done: dict[str, Any]) -> str:
    """The first of a script's results that isn't what the model says, and the script as lines to paste; empty when all are right."""
    added: list[list[float]] = [[], []]
    shows: list[list[float]] = []
    for count, (step, result) in enumerate(zip(script["steps"], done["results"], strict=True), 1):
        window, what, *values = step
        if what == "add" and 0 <= values[0] < math.inf:
            added[window] += values
        elif what == "add":
            if not is_error(result, "ValueError"):
                return f"{line(step)} {shown(result)}\nExpected a ValueError.{paste(script, count)}"
            continue
        if what == "look":
            model = expected(script["capacities"][window], added[window])
            shows.append(model["snapshot()"])
            for name, value in model.items():
                asked = of_window(name, "ab"[window])
                if not agrees(name, value, result[name]):
                    return f"{difference(name, value, result[name], asked)}{paste(script, count, asked)}"
        elif is_error(result):
            return f"{line(step)} {shown(result)}{paste(script, count)}"
    for before, later in zip(shows, done["later"], strict=True):
        if before != later:
            return f"A snapshot was {as_code(before)}, and is {as_code(later)} later on.{paste(script, len(script['steps']))}"
    return ""


def line(step: list[Any]) -> str:
    """A step in source text."""
    window, what, *values = step
    return f"{'ab'[window]}." + {"add": f"add({', '.join(map(number, values))})", "look": "snapshot()", "spoil": "snapshot().clear()"}[what]


def paste(script: dict[str, Any], count: int, last: str = "") -> str:
    """How to repeat the first ``count`` steps, and the run that drew them."""
    steps = script["steps"][:count]
    used = [window for window in (0, 1) if any(step[0] == window for step in steps)]
    made = "; ".join(f"{'ab'[window]} = LatencyWindow({script['capacities'][window]})" for window in used)
    lines = [line(step) for step in steps]
    code = pasted("from app.metrics import LatencyWindow", made, *lines[:-1], last or lines[-1])
    return f"\nTo try it:\n{code}\nThe run that drew it:\n{again('2.4')}"


async def test_any_history_fits_the_model(ask: Asked) -> None:
    """Whatever is done to two windows, in any order, they show what a plain list of all that was added says."""
    loop = asyncio.get_running_loop()

    async def wrong(script: dict[str, Any]) -> str:
        return complaint(script, (await ask("latency_window", [script]))[0])

    class Asking(History):
        failed: ClassVar[list[dict[str, Any]]] = []

        def run(self, script: dict[str, Any]) -> str:
            return asyncio.run_coroutine_threadsafe(wrong(script), loop).result()

    try:
        await asyncio.to_thread(run_state_machine_as_test, drawn(Asking), settings=PROFILE)
    except AssertionError:
        if not Asking.failed:
            raise
        # Hypothesis shortens the values, and leaves steps in that do nothing when it has found a history of full length.
        script = Asking.failed[-1]
        for each in reversed(range(len(script["steps"]))):
            shorter = {**script, "steps": [*script["steps"][:each], *script["steps"][each + 1:]]}
            if await wrong(shorter):
                script = shorter
        raise Red(await wrong(script)) from None


# -- threads

#: What a window of three has been given before two threads meet: nothing yet, too little to be full, too much to keep.
HELD: list[list[float]] = [[], [1.0, 2.0], [1.0, 2.0, 3.0, 4.0]]
NO_LOCK = (
    "`x += 1` is three steps: read, add, write; and so is every decision on what was read before. Requests end on many threads: "
    "what belongs together has to stand behind one lock, which is waited for until it is free."
)


def came_in(met: dict[str, Any]) -> str:
    """Where the second thread came in."""
    return f"The other thread came in at {where(met['place'])}:{quoted(met['place'])}"


def not_stuck(met: dict[str, Any], told: str) -> None:
    """Checks that neither call was left waiting."""
    assert not met["stuck"], f"{told} The other call never came back.\n{came_in(met)}\nIs a lock taken that is never given back?"


def unharmed(result: Any, call: str, met: dict[str, Any], told: str) -> None:
    """Checks that a call did not raise because of the other thread."""
    assert not is_error(result), f"{told} {call} {shown(result)}\n{came_in(met)}"


async def test_two_threads_that_add_lose_nothing(ask: Asked) -> None:
    """Two threads that add at the same time, at whichever instruction they meet, both find their sample kept and counted."""
    told = "Two threads added at the same time."
    windows: list[tuple[int, list[float]]] = [
        (3, []), (3, [1.0]), (3, [1.0, 2.0]), (3, [1.0, 2.0, 3.0]), (2, [1.0, 2.0, 3.0]), (1, [1.0]), (50, [1.0, 2.0]),
    ]
    scenes = [{"capacity": size, "before": before, "first": ["add", 0.25], "second": [["add", 0.5]]} for size, before in windows]

    for (size, before), meetings in zip(windows, await ask("meet", scenes), strict=True):
        for met in meetings:
            not_stuck(met, told)
            unharmed(met["first"], "add()", met, told)
            unharmed(met["second"][0], "add()", met, told)
            orders = [expected(size, [*before, *pair]) for pair in ((0.25, 0.5), (0.5, 0.25))]
            for name in orders[0]:
                seen = met["after"][name]
                assert any(agrees(name, order[name], seen) for order in orders), (
                    f"{told} In a window of {size} that held {as_code(before[-size:])}, one added 0.25 and the other 0.5.\n"
                    f"Then {of_window(name)} {shown(seen)}\nExpected {' or '.join(sorted({str(order[name]) for order in orders}))}.\n"
                    f"{came_in(met)}\n{NO_LOCK}"
                )


async def test_a_reader_is_not_disturbed(ask: Asked) -> None:
    """While a window is read, another thread may add: the reader sees the window as it was before, between or after the samples."""
    told = "While a window was read, another thread added."
    more = [0.5, 0.25, 0.75, 0.125]
    reads = list(itertools.product(expected(1, []), HELD))
    names = list(expected(1, []))
    second = [*(["add", seconds] for seconds in more), *([each] for each in names)]
    scenes = [{"capacity": 3, "before": before, "first": [name], "second": second} for name, before in reads]

    for (name, before), meetings in zip(reads, await ask("meet", scenes), strict=True):
        for met in meetings:
            not_stuck(met, told)
            for result in met["second"][:len(more)]:
                unharmed(result, "add()", met, told)
            for other, seen in zip(names, met["second"][len(more):], strict=True):
                unharmed(seen, of_window(other), met, told)
                value = expected(3, [*before, *more])[other]
                assert agrees(other, value, seen), (
                    f"{told} Then the other one read it too, as {as_code([*before, *more])} had been added to a window of 3 by then, "
                    f"and no more was.\nIts {of_window(other)} {shown(seen)}\nExpected {value!r}.\n{came_in(met)}"
                )
            unharmed(met["first"], of_window(name), met, told)
            allowed = [expected(3, [*before, *more[:count]])[name] for count in range(len(more) + 1)]
            assert any(agrees(name, value, met["first"]) for value in allowed), (
                f"{told} A window of 3 had been given {as_code(before)}; meanwhile the other thread added {', '.join(map(str, more))}.\n"
                f"{of_window(name)} {shown(met['first'])}\nAt no time did the window hold that.\n{came_in(met)}"
            )
            check(3, [*before, *more], met["after"], f"{told} At the end:")


async def test_a_sample_comes_whole(ask: Asked) -> None:
    """While one thread adds, another may read: it sees the window as it was before the sample, or as it is after it."""
    told = "While one thread added, another read the window."
    # Each by itself: one that waits for a lock would let those behind it see only the end.
    reads = list(itertools.product(expected(1, []), HELD))
    scenes = [{"capacity": 3, "before": before, "first": ["add", 0.25], "second": [[name]]} for name, before in reads]

    for (name, before), meetings in zip(reads, await ask("meet", scenes), strict=True):
        for met in meetings:
            not_stuck(met, told)
            seen = met["second"][0]
            unharmed(met["first"], "add()", met, told)
            unharmed(seen, of_window(name), met, told)
            was, will_be = (expected(3, added)[name] for added in (before, [*before, 0.25]))
            assert agrees(name, was, seen) or agrees(name, will_be, seen), (
                f"{told} A window of 3 had been given {as_code(before)}; in the middle of add(0.25), {of_window(name)} {shown(seen)}\n"
                f"Expected {f'{was} as before, or {will_be} as after it' if was != will_be else f'{was}, as before and after it'}.\n{came_in(met)}"
            )
            check(3, [*before, 0.25], met["after"], f"{told} At the end:")


async def test_a_crowd_loses_nothing(ask: Asked) -> None:
    """Four threads that add and two that read, all at once: nothing is lost, nothing raises, and no snapshot is too long or out of order."""
    size, writers, adds = 50, 4, 400

    done = await ask("crowd", size, writers, adds, 2, 60)

    assert not done["failed"], f"Four threads added at the same time. add() {shown(done['failed'][0])}"
    for seen in [*done["seen"], done["after"]]:
        for name, result in seen.items():
            assert not is_error(result), f"Four threads added at the same time, and two read. {of_window(name)} {shown(result)}"
        snapshot = seen["snapshot()"]
        assert len(snapshot) <= size, f"While four threads added, a snapshot of a window of {size} had {len(snapshot)} samples."
        for writer in range(writers):
            mine = [x for x in snapshot if 1000 * writer <= x < 1000 * (writer + 1)]
            assert mine == sorted(mine), f"While four threads added, a snapshot had the samples of one of them out of order: {as_code(mine)}."
    total = math.fsum(float(1000 * writer + each) for writer in range(writers) for each in range(adds))
    for name, value in {"len()": size, "total_count": writers * adds, "total_seconds": total}.items():
        assert agrees(name, value, done["after"][name]), (
            f"Four threads added {adds} samples each. Then {of_window(name)} {shown(done['after'][name])}\nExpected {value}.\n{NO_LOCK}"
        )
