"""4.3 · A measurement that says what was there: judged against services whose truth is known."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from dojo.generator import closed
from dojo.kata import Functions, Inconclusive, Red, beside, exercise, new
from dojo.plugin import RUN
from dojo.server import Port
from katas.phase4_tuning.rigged import FAILING, HANGING_UP, QUICK, QUICKEST, REFUSING, SLOW, SLOWEST, TAIL, UNHURRIED, Lone, Rigged
from katas.phase4_tuning.virtual import load

pytestmark = exercise("4.3", edit="app/benchmark.py")

DRIVER = beside(__file__, "_measure_driver.py", "")

#: For how long is measured, in seconds: what has a tail, what fails (so long that the requests at its edges hardly count, and no number of
#: answers below 247 is a whole number a second, or in two), what holds all users but one, and what does nothing (longer when nothing came of it).
SECONDS, LONGER, ALONE, SHORT = 2.0, 2.47, 1.5, (0.5, 1.0, 3.0)
#: How many requests are in flight; and where all but one are held, more than a pool of ten connections has, which is a usual one.
CONCURRENCY, MANY = 8, 12
#: For how long nothing counts, and how long before the end the last request may come; in seconds.
WARM_UP, EARLY = 2.0, 0.6
#: From its call on, measure() warms up for two seconds. Where the first request came later than this, something cold may have been counted
#: for the machine's sake. In seconds.
LATEST_START = 1.0
#: A service that was asked for less than so much of the time that counts, after it was warm, was not warm for all of it.
LEAST_WARM = 0.85
#: Ends a hang, in seconds.
PATIENCE = 60.0
#: A figure that is off may be the machine's fault: then it is measured again, so often.
ATTEMPTS = 3
#: During which part of the slow requests others are answered and followed by new ones: nearly all of them, or of batches hardly any.
CONTINUOUS = 0.5
#: Who never asks again before so many seconds are over has waited, be it after an answer or after none. A busy machine may do that to a request or
#: two, and not to so many of them, or for so many seconds in all. One that makes itself a client for each request, with its
#: certificates, computes for half as long.
PAUSE, PAUSE_WITHOUT, PAUSES, PAUSED = 0.1, 0.5, 4, 0.5
#: The least that each of two workers gets when connections aren't kept.
LEAST_SHARE = 0.2


@dataclass
class Measured:
    """What measure() said of a service, which was called at ``called`` of the monotonic clock, and the service."""

    service: Rigged
    seconds: float
    called: float
    said: dict[str, Any]

    @property
    def call(self) -> str:
        """The call as messages tell it."""
        return f"measure(url, seconds={self.seconds:g}, concurrency={self.service.concurrency})"

    @property
    def told(self) -> str:
        """What it said."""
        said = self.said
        return (f"throughput_rps={said['throughput_rps']:.4g}, p50_s={said['p50_s']:.3g}, p95_s={said['p95_s']:.3g}, errors={said['errors']}")

    def in_time(self) -> bool:
        """Whether the service was asked so early that nothing of its cold start had to be counted."""
        return bool(self.service.asked) and self.service.asked[0].came - self.called < LATEST_START


async def measure(request: pytest.FixtureRequest, *services: tuple[Rigged | str, float]) -> list[Measured]:
    """Measures services at the same time, each in a host of its own; those that are texts are addresses where nobody listens."""
    hosts: list[Functions] = [await request.config.stash[RUN].functions("4.3") for _ in services]
    called: list[float] = []

    async def one(host: Functions, service: Rigged | str, seconds: float) -> dict[str, Any]:
        called.append(time.monotonic())
        url, many, what = (service, CONCURRENCY, "Nobody listened.") if isinstance(service, str) else (service.url, service.concurrency, service.told)
        try:
            said: dict[str, Any] = await host.call(f"{DRIVER}attempt", url, seconds, many, patience=PATIENCE)
        except Red as red:
            raise Red(f"{what} {red}".strip()) from None
        return said

    try:
        for host in hosts:  # one after the other: hosts come from one process, which is asked for one at a time
            await host.call(f"{DRIVER}ready")
        said = await asyncio.gather(*(one(host, *each) for host, each in zip(hosts, services, strict=True)))
    except Red as red:
        told = str(red).replace("attempt()", "measure()")
        raise Red(told.replace("ready() raised an exception", "app/benchmark.py could not be imported")) from None
    finally:
        for host in hosts:
            await host.close()
    measured = []
    for (service, seconds), at, each in zip(services, called, said, strict=True):
        one_of_them = Measured(Rigged([QUICK]) if isinstance(service, str) else service, seconds, at, each)
        shaped(one_of_them)
        measured.append(one_of_them)
    return measured


def shaped(measured: Measured) -> None:
    """Raises `Red` when it isn't a Result with four numbers."""
    said = measured.said
    if said["missing"]:
        raise Red(f"{measured.call} returned {said['shown']}, without {said['missing'][0]}. It returns a Result.")
    for name in ("throughput_rps", "p50_s", "p95_s", "errors"):
        value = said[name]
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Red(f"{measured.call} returned {said['shown']}. Its {name} is a number.")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def first(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, Measured]]:
    """Measurements of six services at the same time: with a long tail, one that fails much, one that holds all users but one, one that refuses
    all, one that hangs up on all but one, and one that isn't there."""
    nobody = Port()
    try:
        async with (with_a_tail() as tail, that_fails() as failing, that_holds() as alone, that_refuses() as refusing, that_answers_once() as once):
            found = await measure(request, (tail, SECONDS), (failing, LONGER), (alone, ALONE), (refusing, SHORT[0]), (once, SHORT[0]),
                                  (address(nobody), SHORT[0]))
            yield dict(zip(("tail", "failing", "alone", "refusing", "once", "nobody"), found, strict=True))
    finally:
        nobody.close()


def address(port: Port) -> str:
    """Where nobody listens."""
    return f"http://127.0.0.1:{port.number}/work"


def with_a_tail() -> Rigged:
    """A service that is slow now and then; not at the end, where what isn't sorted would look for the slow ones."""
    return Rigged(TAIL, calm_after=3.2, slowest_at=(2.3, 2.5))


def that_fails() -> Rigged:
    """A service that fails much."""
    return Rigged(FAILING, head_first=True)


def that_holds() -> Lone:
    """A service that holds all users but one, for nearly all of the time that counts."""
    return Lone(UNHURRIED, cold=0.0, concurrency=MANY, held_after=WARM_UP + 0.1, held_for=ALONE - 0.2)


def that_refuses() -> Rigged:
    """A service that is full all the time."""
    return Rigged(REFUSING, cold=0.0, told="All requests were refused with a 503.")


def that_answers_once() -> Rigged:
    """A service that hangs up on everybody but one, who comes soon after what counts has begun."""
    return Rigged(HANGING_UP, cold=0.0, good_at=WARM_UP + 0.1, told="One request was answered with a 200, and on all others the service hung up.")


SERVICES: dict[str, Callable[[], Rigged]] = {"tail": with_a_tail, "failing": that_fails, "alone": that_holds}


# -- how it asks


async def test_so_many_requests_are_in_flight(first: dict[str, Measured]) -> None:
    """measure() keeps as many requests in flight as it was told, of the URL that it was given."""
    for each in (first["tail"], first["failing"], first["alone"]):
        service, many = each.service, each.service.concurrency
        assert service.asked, f"{each.call} returned {each.told}, and the service was asked nothing."
        assert not service.strange, f"{each.call} was to ask for '/work?size=3' and sent {service.strange[0]!r}."
        assert service.peak == many, (
            f"{each.call}: there were {service.peak} requests in flight at most, and {len(service.asked)} in all. "
            + ("One that waits for the answer to another is no load: what a service can do is seen when it is asked by many."
               if service.peak < many else "The load is the caller's choice; another one has another result.")
        )


async def test_the_warm_up_comes_before(request: pytest.FixtureRequest, first: dict[str, Measured]) -> None:
    """Before it counts, measure() loads the service for WARM_UP_SECONDS, 2 s."""
    for name in ("tail", "failing"):
        await settled(request, first, name, warmed)


def warmed(each: Measured) -> str:
    """What is wrong with the warm-up; empty when nothing is."""
    # First what no clock is needed for: what a service does only while it is cold was counted, or it wasn't.
    if each.service.deck is TAIL and each.in_time() and (told := errors(each)):
        return told
    if each.service.lasted <= LEAST_WARM * each.seconds:
        return (f"{each.call}: when all of the service was warm, {since_first(each):.2f} s after the first request, it was asked for "
                f"{each.service.lasted:.2f} s more. So {each.seconds:g} s that count can't be without its cold start, which nobody sees who comes a "
                "minute later.")
    asked, whole = each.service.asked[-1].came - each.called, WARM_UP + each.seconds
    if asked <= whole - EARLY:
        return (f"{each.call}: the last request came {asked:.2f} s after the call. With a warm-up of {WARM_UP:g} s and {each.seconds:g} s that "
                f"count, the service is loaded for {whole:g} s.")
    return ""


def since_first(each: Measured) -> float:
    """How long after the first request all was warm, in seconds."""
    return each.service.warm_since - each.service.asked[0].came


async def test_the_next_request_follows_at_once(request: pytest.FixtureRequest, first: dict[str, Measured]) -> None:
    """A request that is answered, in whatever way, is followed by the next one at once: nobody thinks first, or goes away."""
    await settled(request, first, "tail", batched)
    await settled(request, first, "alone", paused)


def batched(each: Measured) -> str:
    """Whether requests wait for others before the next ones are sent; empty when they don't."""
    slow = each.service.slow
    overtaken = sum(one.overtaken for one in slow)
    if overtaken >= CONTINUOUS * len(slow):
        return ""
    return (f"{each.call}: {len(slow)} requests took {SLOW.delay:g} s or longer. During only {overtaken} of them another one was answered and the "
            f"next one followed. They are sent in batches: all {CONCURRENCY} wait for the slowest of them, and the longer that takes, the less has "
            "the service to do.")


def paused(each: Measured) -> str:
    """After which answers measure() waits; empty when it does after none."""
    service = each.service
    assert isinstance(service, Lone)
    # Where nobody answers, a user may wait for a moment: otherwise they would do nothing else any more.
    for what, statuses, longest in (("a 200", (200,), PAUSE), ("an error", (503, 500, 404), PAUSE),
                                    ("a connection that ended without an answer", (0,), PAUSE_WITHOUT)):
        pauses = service.pauses(*statuses)
        if pauses and min(pauses) >= longest and (len(pauses) >= PAUSES or sum(pauses) >= PAUSED):
            return (f"{each.call}: a service held {MANY - 1} of {MANY} requests and answered the user who was left at once, again and "
                    f"again. After {what} there was no other request for {min(pauses):.2f} s, or longer. Meanwhile fewer than {MANY} are in "
                    "flight, and the service has the less to do the more often it answers so.")
    return ""


async def test_every_worker_gets_its_share(request: pytest.FixtureRequest, first: dict[str, Measured]) -> None:
    """The requests reach all workers of the service, not only the one that took the first connections."""
    await settled(request, first, "tail", shared)


def shared(each: Measured) -> str:
    """Which worker got too little; empty when none did."""
    least = min(each.service.shares)
    connections = "connections that were opened at once" if least == 0 else "connections"
    if least > LEAST_SHARE:
        return ""
    return (f"{each.call}: the service has two workers. One of them got {1 - least:.0%} of the requests, the other one {least:.0%}: "
            f"{connections} went to the worker that was awake, and there they stayed. This measures one worker, however many there are.")


# -- what it says


Check = Callable[[Measured], str]


def between(value: float, low: float, high: float) -> bool:
    """Whether it is a number in these limits."""
    return not math.isnan(value) and low <= value <= high


def limits(fewest: int, most: int) -> tuple[float, float]:
    """What may be said of a number: requests that are in flight at the edges may be counted or not, and their last answers waited for."""
    return 0.78 * fewest - 3, 1.05 * most + CONCURRENCY


def good_ones(each: Measured) -> str:
    """What is wrong with the throughput; empty when nothing is."""
    low, high = each.service.counts(each.seconds, good=True)
    said = each.said["throughput_rps"]
    if between(said * each.seconds, *limits(low, high)):
        if each.seconds == LONGER and float(2 * said).is_integer():
            return (f"{each.call} said {each.told}. No number of answers that this service can give in {each.seconds:g} s is a whole one a second, "
                    "or a whole one and a half: this one was rounded, or the division was //, or by other seconds than those. "
                    "Of 0.9 a second nothing would be left.")
        return ""
    bad, why = each.service.counts(each.seconds, good=False)[1], ""
    if bad > 1 and (errors(each) or said * each.seconds > high + bad / 2):
        why = f" It also gave up to {bad} others, which are no throughput: an error is often the fastest answer."
    elif not errors(each):
        why = f" Its `errors` are right. Is it the answers of these {each.seconds:g} s that are divided, and by {each.seconds:g}?"
    return (f"{each.call} said {each.told}. By the service's own notes it gave {low} to {high} answers with status 200 in any {each.seconds:g} s on "
            f"end after its cold start, which is {low / each.seconds:.0f} to {high / each.seconds:.0f} a second.{why}")


def errors(each: Measured) -> str:
    """What is wrong with the errors; empty when nothing is."""
    low, high = each.service.counts(each.seconds, good=False)
    said = each.said["errors"]
    if high <= 1:
        if said == 0:
            return ""
        return (f"{each.call} said {each.told}. All errors of this service, {sum(not one.good for one in each.service.asked)} answers with a 503, "
                f"came in the first {since_first(each):.1f} s: that was its cold start, of which nothing counts.")
    if between(said, *limits(low, high)):
        return ""
    return (f"{each.call} said {each.told}. By the service's own notes it gave {low} to {high} answers that weren't a 200, or hung up, in any "
            f"{each.seconds:g} s on end after its cold start. `errors` is their number in the {each.seconds:g} s that count.")


def median(each: Measured) -> str:
    """What is wrong with the median; empty when nothing is."""
    good = [one.answered - one.came for one in each.service.warm if one.good]
    mean = sum(good) / max(len(good), 1)
    if between(each.said["p50_s"], 0.99 * QUICK.delay, 0.8 * mean + 0.2 * QUICK.delay if each.service.deck is TAIL else 0.3):
        return ""
    more = f" Their mean is {mean:.2f} s, and the shortest ones take {QUICKEST.delay:g} s." if each.service.deck is TAIL else ""
    if each.service.deck is FAILING:
        more = " Its errors come after 0.03 s, and the first bytes of an answer at once: neither is a latency of a good one, up to its last byte."
    return f"{each.call} said {each.told}. Most good answers of this service take {QUICK.delay:g} s, the others longer, so that is its median.{more}"


def tail(each: Measured) -> str:
    """What is wrong with the 95th percentile; empty when nothing is."""
    of_tail = each.service.deck is TAIL
    low, high = (SLOW.delay, SLOWEST.delay) if of_tail else (0.3, SLOW.delay * 2)
    if between(each.said["p95_s"], 0.99 * low, high * 0.99):
        return ""
    kinds = (f"About one answer in ten takes {SLOW.delay:g} s, one in a hundred {SLOWEST.delay:g} s" if of_tail else
             "One good answer in twelve, more than 5 % and fewer than 10 %, takes 0.3 s") + f", all others {QUICK.delay:g} s"
    good = [one.answered - one.came for one in each.service.warm if one.good]
    return (f"{each.call} said {each.told}. {kinds}: the 95th percentile is {low:g} s. The mean was {sum(good) / max(len(good), 1):.2f} s "
            f"and the maximum {max(good, default=0):.2f} s, which are something else, and so is a percentile of what isn't sorted.")


CHECKS: dict[str, tuple[Check, ...]] = {"tail": (errors, good_ones, median, tail), "failing": (good_ones, errors, median, tail)}


#: What is seen also of a measure() that begins late: who waits first hasn't warmed up, and how it asks is another question.
LATE = (warmed, batched, paused, shared)


async def settled(request: pytest.FixtureRequest, first: dict[str, Measured], name: str, check: Check) -> None:
    """Raises `Red` when ``check`` finds something in each of several measurements, and the machine is not to blame."""
    each, told = first[name], ""
    for attempt in range(ATTEMPTS):
        if attempt:
            async with SERVICES[name]() as service:
                each, = await measure(request, (service, each.seconds))
        if each.in_time() or check in LATE:
            told = check(each)
            if not told:
                return
    if not told:
        raise Inconclusive(f"the machine is so busy that measure() sent nothing within {LATEST_START:g} s of its call")
    if check in (median, tail) and (blame := await busy(name, check)):
        raise Inconclusive(blame)
    raise Red(told)


async def busy(name: str, check: Check) -> str:
    """Why the machine itself may have made the figures; empty when a measurement of the judge's own, right after it, has nothing to say."""
    async with Rigged(TAIL if name == "tail" else FAILING, cold=0.0) as service:
        own = await closed(service.url, connections=CONCURRENCY, seconds=SECONDS)
    said = {"throughput_rps": own.rps, "p50_s": own.latency(50), "p95_s": own.latency(95), "errors": 0}
    if check(Measured(service, SECONDS, own.began, said)):
        return f"the machine is so busy that the judge's own measurement has p50_s={said['p50_s']:.2g} and p95_s={said['p95_s']:.2g} as well"
    return ""


@pytest.mark.parametrize("name", ["tail", "failing"])
async def test_errors_are_no_throughput(request: pytest.FixtureRequest, first: dict[str, Measured], name: str) -> None:
    """`throughput_rps` is how many answers with status 200 came in a second; `errors` is how many requests were answered otherwise, or not at all."""
    for check in CHECKS[name][:2]:
        await settled(request, first, name, check)


@pytest.mark.parametrize("name", ["tail", "failing"])
async def test_latencies_are_those_of_good_answers(request: pytest.FixtureRequest, first: dict[str, Measured], name: str,
                                                   note: Callable[[str], None]) -> None:
    """`p50_s` and `p95_s` are percentiles of how long the answers with status 200 took, to their last byte."""
    for check in CHECKS[name][2:]:
        await settled(request, first, name, check)
    if name == "tail":
        note(f"the service with a tail: {first[name].told}, measured on {load()}")


@pytest.mark.parametrize("name", ["refusing", "nobody"])
async def test_a_service_that_does_nothing_is_measured_as_well(request: pytest.FixtureRequest, first: dict[str, Measured], name: str) -> None:
    """Where nothing succeeds, be it that nobody listens, the throughput is 0, `errors` tells how often, and there are no latencies: NaN."""
    each = first[name]
    what = "all requests were refused with a 503" if name == "refusing" else "nobody listened"
    for seconds in SHORT[1:]:
        if each.said["errors"]:
            break
        # On a busy machine a short time may be over before the first answer.
        nobody = Port()
        async with that_refuses() as service:
            each, = await measure(request, (service if name == "refusing" else address(nobody), seconds))
        nobody.close()

    assert each.said["throughput_rps"] == 0, f"{each.call}, where {what}, said {each.told}."
    assert each.said["errors"] > 0, f"{each.call}, where {what}, said {each.told}: as if nobody had been turned away."
    for name_of_it in ("p50_s", "p95_s"):
        assert math.isnan(each.said[name_of_it]), (
            f"{each.call}, where {what}, said {each.told}. There is no latency of which {name_of_it} could be the percentile, so it is math.nan: "
            "a 0 would be the best of all services."
        )


async def test_one_answer_is_a_result(request: pytest.FixtureRequest, first: dict[str, Measured]) -> None:
    """Where one request is answered, both percentiles are what that took; those on which the service hung up are errors."""
    each = first["once"]
    for seconds in SHORT[1:]:
        if each.said["errors"]:
            break
        async with that_answers_once() as service:  # on a busy machine a short time may be over before anybody was hung up on
            each, = await measure(request, (service, seconds))

    assert each.said["errors"] > 0, f"{each.service.told} {each.call} said {each.told}: who got no answer would have to be counted."
    # On a busy machine the one may have come before the time that counts, or after it.
    same = not each.said["throughput_rps"] or math.isclose(each.said["p50_s"], each.said["p95_s"])
    assert same, f"{each.service.told} {each.call} said {each.told}. Of a single latency each percentile is that one."


# -- speedup()


def fields(throughput_rps: float, p50_s: float = 0.1, p95_s: float = 0.2, errors: int = 0) -> dict[str, float]:
    """What a Result holds."""
    return {"throughput_rps": throughput_rps, "p50_s": p50_s, "p95_s": p95_s, "errors": errors}


def result(*values: float) -> dict[str, Any]:
    """A Result, made where the learner's code runs."""
    return new("app.benchmark:Result", **fields(*values))  # type: ignore[arg-type]


async def test_the_speedup_is_a_ratio_of_throughputs(learner: Functions) -> None:
    """speedup(one, many) says how many times the throughput of `one` that of `many` is; latencies and errors have no part in it."""
    cases = [((50, 0.1, 0.2, 0), (100, 0.1, 0.2, 0), 2.0), ((80.0, 0.1, 0.3, 0), (60.0, 0.4, 0.9, 7), 0.75),
             ((300.0, 0.1, 0.2, 0), (1.0, 0.1, 0.2, 0), 1 / 300), ((10.0, 0.5, 0.9, 400), (35.0, 0.1, 0.1, 0), 3.5),
             ((40.0, 0.1, 0.2, 0), (0.0, math.nan, math.nan, 9), 0.0)]

    for one, many, expected in cases:
        value = await learner.call("app.benchmark:speedup", result(*one), result(*many))
        told = f"speedup() of {one[0]:g} and then {many[0]:g} answers a second"
        assert isinstance(value, int | float), f"{told} returned {value!r}, expected {expected:g}."
        assert math.isclose(value, expected), f"{told} returned {value:g}, expected {expected:g}."


async def test_there_is_no_speedup_over_nothing(learner: Functions) -> None:
    """When `one` has no throughput there is nothing to compare with: ValueError."""
    try:
        came: dict[str, Any] = await learner.call(f"{DRIVER}refused", fields(0.0), fields(50.0))
    except Red as red:
        raise Red(str(red).replace("refused()", "speedup()")) from None
    if came:
        raise Red(f"speedup() of 0 and then 50 answers a second returned {came['value']}. Nothing is so many times nothing: a ValueError.")
