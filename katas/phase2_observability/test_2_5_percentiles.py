"""2.5 · The percentile by nearest rank, for any samples and every whole percent."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dojo.kata import Functions, exercise
from katas.phase2_observability.asking import Asked, as_code, equals, is_error, is_number, number, pasted, shown
from katas.phase2_observability.strategies import again, drawn, percent, samples

pytestmark = exercise("2.5", edit="app/metrics.py")

#: Each way to compute the rank in floating point is off by one at some of these numbers of samples.
COUNTS = range(1, 121)
#: So many that no shortcut for few samples will do, and what calls itself for each of them comes to Python's limit.
MANY = 2000
PERCENTS = list(range(101))
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def ask(learner: Functions) -> Asked:
    """The learner's percentile()."""
    return Asked(learner, "percentile()")


def rank(n: int, p: int) -> int:
    """The rank of the p-th percentile of n samples, counted from 1."""
    return max(1, (p * n + 99) // 100)


def nearest_rank(values: list[float], p: int) -> float:
    """What the p-th percentile is."""
    return sorted(values)[rank(len(values), p) - 1]


def call_of(values: list[float], p: Any) -> str:
    """``percentile([…], 95)``."""
    return f"percentile({as_code(values)}, {p})"


def why(values: list[float], p: int, result: Any) -> str:
    """What a wrong number is, by its place among the samples."""
    n, expected = len(values), rank(len(values), p)
    ascending = sorted(values)
    if not is_number(result):
        return ""
    if result not in ascending:
        below = sum(x < result for x in ascending)
        if 0 < below < n:
            return f"\nThat is none of the samples: it lies between those of rank {below} and {below + 1}, as if something had been interpolated."
        return "\nThat is none of the samples."
    first, last = ascending.index(result) + 1, n - ascending[::-1].index(result)
    have = f"rank {first}" if first == last else f"the ranks {first} to {last}"
    cause = "; it counts from 1" if p else "; for p = 0 it is 1"
    return f"\nThat is the sample of {have}. Of {n} the rank is ⌈{p}·{n}/100⌉ = {expected}{cause}."


def check(values: list[float], p: int, result: Any) -> None:
    """Checks one answer against the definition."""
    expected = nearest_rank(values, p)
    assert equals(expected, result), (
        f"{call_of(values, p)} {shown(result)}\nExpected {number(expected)}, the sample of rank {rank(len(values), p)}.{why(values, p, result)}"
    )


async def test_known_latencies_have_known_percentiles(ask: Asked) -> None:
    """Of 95 requests of 20 ms and five of a second, p50 and p95 are 20 ms, p96 and p99 are a second."""
    values = [0.02, 1.0, *[0.02] * 44, 1.0, *[0.02] * 50, 1.0, 1.0, 1.0]
    random.Random(1).shuffle(values)
    ps = [50, 95, 96, 99]

    results = (await ask("percentile", [{"samples": values, "ps": ps}]))[0]["results"]

    for p, result in zip(ps, results, strict=True):
        expected = 0.02 if p <= 95 else 1.0
        assert expected == result, (
            f"95 samples are 0.02 and five are 1.0, in no order. percentile(samples, {p}) {shown(result)}\n"
            f"Expected {expected}: the smallest sample that at least {p} of the 100 do not exceed.{why(values, p, result)}"
        )


async def test_every_rank_is_right(ask: Asked) -> None:
    """For every number of samples up to 120, and every p from 0 to 100, it is the sample of the right rank."""
    cases = []
    for n in COUNTS:
        values = [round(each / 7, 4) for each in range(n)]
        random.Random(n).shuffle(values)
        cases.append({"samples": values, "ps": PERCENTS})

    answers = await ask("percentile", cases)

    for case, answer in zip(cases, answers, strict=True):
        for p, result in zip(PERCENTS, answer["results"], strict=True):
            check(case["samples"], p, result)


async def test_many_samples_all_count(ask: Asked) -> None:
    """Two thousand samples, in rising, falling or no order: none is left out, and none is rounded."""
    rising = [round(0.0001 * each, 4) for each in range(MANY)]
    shuffled = random.Random(1).sample(rising, MANY)
    ps = [50, 99]

    answers = await ask("percentile", [{"samples": values, "ps": ps} for values in (shuffled, rising, rising[::-1])])

    for order, answer in zip(("no order", "rising order", "falling order"), answers, strict=True):
        for p, result in zip(ps, answer["results"], strict=True):
            expected = nearest_rank(rising, p)
            assert equals(expected, result), (
                f"The samples 0.0, 0.0001, 0.0002 … {rising[-1]} came in {order}. percentile(samples, {p}) {shown(result)}\n"
                f"Expected {expected}, the sample of rank {rank(MANY, p)}.{why(rising, p, result)}"
            )


async def test_equal_samples_all_count(ask: Asked) -> None:
    """Samples that are equal are as many samples as they are: checked with every list of up to four out of three values."""
    cases = []
    for n in range(1, 5):
        # Where the rank changes, and on both sides of it.
        steps = sorted({p for k in range(n + 1) for p in (100 * k // n - 1, 100 * k // n, 100 * k // n + 1) if 0 <= p <= 100})
        cases += [{"samples": list(values), "ps": steps} for values in itertools.product((0.0, 0.5, 2.0), repeat=n)]

    answers = await ask("percentile", cases)

    for case, answer in zip(cases, answers, strict=True):
        for p, result in zip(case["ps"], answer["results"], strict=True):
            check(case["samples"], p, result)


async def test_infinities_are_samples(ask: Asked) -> None:
    """An infinity is larger, or smaller, than all other samples, and counts as one of them."""
    values = [INF, 0.3, -INF, 0.1, INF]

    results = (await ask("percentile", [{"samples": values, "ps": PERCENTS}]))[0]["results"]

    for p, result in zip(PERCENTS, results, strict=True):
        check(values, p, result)


async def test_any_iterable_will_do(ask: Asked) -> None:
    """The samples may come as a list, a tuple, a set, a deque, a numpy array, a generator, or anything that can be iterated."""
    values = [0.3, 0.1, 0.2, 0.5, 0.4]
    hundred = random.Random(1).sample([round(each / 7, 4) for each in range(100)], 100)  # where a rank in floating point goes wrong
    ps = [0, 50, 95, 100]
    kinds = {"tuple": "a tuple", "generator": "a generator, which can be iterated once and has no length", "deque": "a collections.deque",
             "set": "a set", "array": "a numpy array", "iterable": "an object that has __iter__ and nothing else"}

    answers = await ask("percentile", [{"samples": values, "ps": ps, "kind": kind} for kind in kinds])

    for told, answer in zip(kinds.values(), answers, strict=True):
        for p, result in zip(ps, answer["results"], strict=True):
            expected = nearest_rank(values, p)
            assert equals(expected, result), (
                f"The samples 0.3, 0.1, 0.2, 0.5, 0.4 came as {told}: for p = {p}, percentile() {shown(result)}\n"
                f"Expected {expected}, as with a list. Whoever measures shouldn't have to copy first."
            )

    answers = await ask("percentile", [{"samples": hundred, "ps": PERCENTS, "kind": kind} for kind in kinds])

    for told, answer in zip(kinds.values(), answers, strict=True):
        for p, result in zip(PERCENTS, answer["results"], strict=True):
            expected = nearest_rank(hundred, p)
            assert equals(expected, result), (
                f"100 samples came as {told}: for p = {p}, percentile() {shown(result)}\n"
                f"Expected {expected}, as with a list.{why(hundred, p, result)}"
            )


async def test_samples_are_left_as_they_are(ask: Asked) -> None:
    """The samples that were given are the same afterwards, in the same order."""
    values = [0.3, 0.1, 0.2, 0.5, 0.4]

    answers = await ask("percentile", [{"samples": values, "ps": [0, 50, 100], "kind": kind, "look": True} for kind in ("list", "array", "deque")])

    for answer in answers:
        for after in answer["after"]:
            assert values == after, (
                f"percentile() was lent {as_code(values)}; afterwards it was {as_code(after)}.\n"
                "The samples are somebody else's: sorting them in place would tell whoever reads the window next a wrong order."
            )


async def test_the_answer_is_of_these_samples(ask: Asked) -> None:
    """What was asked before has no influence: the same list, with other samples in it, has other percentiles."""
    first, then = [0.3, 0.1, 0.2], [0.9, 0.7, 0.8]

    before, after = await ask("percentile_again", first, then, 50)

    check(first, 50, before)
    assert equals(0.8, after), (
        f"Once the same list held {as_code(then)}, percentile(samples, 50) {shown(after)}\nExpected 0.8. Is something kept between calls?"
    )


async def test_no_samples_are_an_error(ask: Asked) -> None:
    """No samples have no percentile: a ValueError, however they come."""
    kinds = ("list", "tuple", "generator", "deque", "array", "iterable")

    answers = await ask("percentile", [{"samples": [], "ps": [0, 50, 100], "kind": kind} for kind in kinds])

    for kind, answer in zip(kinds, answers, strict=True):
        for p, result in zip((0, 50, 100), answer["results"], strict=True):
            assert is_error(result, "ValueError"), (
                f"For no samples (an empty {kind}) and p = {p}, percentile() {shown(result)}\nExpected a ValueError: a 0 on a dashboard "
                "would say that all is quick, when in truth nothing was measured."
            )


async def test_another_p_is_an_error(ask: Asked) -> None:
    """A p below 0, above 100, or between two whole numbers is a ValueError."""
    ps = [-1, 101, -100, 1000, 0.95, 0.5, 99.5, 50.5, -0.5, 100.5]
    cases = [{"samples": [round(each / 7, 4) for each in range(n)], "ps": ps} for n in (1, 3, 100)]

    answers = await ask("percentile", cases)

    for case, answer in zip(cases, answers, strict=True):
        for p, result in zip(ps, answer["results"], strict=True):
            what = "is out of range" if not 0 <= p <= 100 else "is no whole number: 95 is meant, not 0.95" if p < 1 else "is no whole number"
            assert is_error(result, "ValueError"), (
                f"{call_of(case['samples'], p)} {shown(result)}\nExpected a ValueError: p = {p} {what}. An answer to a question that was "
                "mistaken looks like any other answer."
            )


async def test_a_nan_is_an_error(ask: Asked) -> None:
    """A NaN among the samples is a ValueError, wherever it stands and whatever p is."""
    ps = [0, 1, 50, 99, 100]
    lists = [[NAN], [NAN, 0.1], [0.1, NAN], [0.1, NAN, 0.3], [NAN, 0.2, 0.1], [0.3, 0.1, 0.2, NAN], [NAN, NAN, 0.1], [INF, NAN, -INF]]
    kinds = {"list": "", "generator": ", given as a generator,", "array": ", given as a numpy array,"}
    cases = [{"samples": values, "ps": ps, "kind": kind} for values in lists for kind in kinds]

    answers = await ask("percentile", cases)

    for case, answer in zip(cases, answers, strict=True):
        for p, result in zip(ps, answer["results"], strict=True):
            assert is_error(result, "ValueError"), (
                f"{call_of(case['samples'], p)}{kinds[case['kind']]} {shown(result)}\nExpected a ValueError: a NaN is neither smaller nor larger "
                "than any number, so sorting leaves it, and its neighbors, anywhere."
            )


def paste(values: list[float], p: int) -> str:
    """How to repeat a drawn example, and the run that drew it."""
    call = pasted("from app.metrics import percentile", f"percentile([{', '.join(map(number, values))}], {p})")
    return f"\nTo try it:\n{call}\nThe run that drew it:\n{again('2.5')}"


@drawn
@given(values=samples)
@example([0.1])
@example([INF, 0.0, -INF, 0.0])
@example([5e-324, -5e-324, 1.7976931348623157e308])
async def test_the_law_holds_for_any_samples(ask: Asked, values: list[float]) -> None:
    """For any samples and any p, at least p % of them do not exceed the answer, and fewer than p % are below it."""
    results = (await ask("percentile", [{"samples": values, "ps": PERCENTS}]))[0]["results"]

    n = len(values)
    for p, result in zip(PERCENTS, results, strict=True):
        assert is_number(result), f"{call_of(values, p)} {shown(result)}{paste(values, p)}"
        at_most, below = sum(x <= result for x in values), sum(x < result for x in values)
        assert result in values, f"{call_of(values, p)} {shown(result)}\nThat is none of the samples.{paste(values, p)}"
        assert 100 * at_most >= p * n, (
            f"{call_of(values, p)} {shown(result)}\nOnly {at_most} of {n} do not exceed it, which is less than {p} %.{paste(values, p)}"
        )
        assert 100 * below < p * n or below == p == 0, (
            f"{call_of(values, p)} {shown(result)}\n{below} of {n} are below it: a smaller sample is enough for {p} %.{paste(values, p)}"
        )


async def each_of(ask: Asked, p: int, *lists: list[float]) -> list[Any]:
    """The p-th percentile of each of the lists."""
    return [answer["results"][0] for answer in await ask("percentile", [{"samples": each, "ps": [p]} for each in lists])]


@drawn
@given(values=samples, p=percent, order=st.randoms(use_true_random=False))
async def test_order_does_not_matter(ask: Asked, values: list[float], p: int, order: random.Random) -> None:
    """The same samples in another order have the same percentile."""
    other = list(values)
    order.shuffle(other)

    one, two = await each_of(ask, p, values, other)

    assert equals(two, one), (
        f"{call_of(values, p)} {shown(one)}\nIn another order, {call_of(other, p)} {shown(two)}{paste(other, p)}"
    )


@drawn
@given(values=samples, p=percent)
async def test_another_unit_changes_nothing_else(ask: Asked, values: list[float], p: int) -> None:
    """In milliseconds the percentile is 1000 times what it is in seconds."""
    scaled = [1000 * x for x in values]

    one, two = await each_of(ask, p, values, scaled)

    expected = 1000 * one if is_number(one) else NAN
    assert equals(expected, two), (
        f"{call_of(values, p)} {shown(one)}\nThe same in milliseconds, {call_of(scaled, p)} {shown(two)}{paste(scaled, p)}"
    )


@drawn
@given(values=samples, p=percent, times=st.integers(2, 5))
async def test_the_same_samples_twice_change_nothing(ask: Asked, values: list[float], p: int, times: int) -> None:
    """When every sample comes twice, or five times, the percentile stays what it was."""
    one, two = await each_of(ask, p, values, values * times)

    assert equals(two, one), (
        f"{call_of(values, p)} {shown(one)}\nWith each sample {times} times it {shown(two)}{paste(values * times, p)}"
    )
