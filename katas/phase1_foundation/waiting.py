"""How exercises 1.3, 1.5 and 1.7 look at requests that wait: held by the gate, round by round, or else by the clock."""

import json
import random
import time
from collections.abc import Iterable, Sequence
from typing import Any

from dojo.kata import Functions, Observation, Red, Rounds, Service, ServiceStarter, hold_and_ping, hold_in_rounds, never_awaited, quoted, where
from katas.phase1_foundation.predicting import predicted, same

#: How long the endpoint is told to wait, in seconds. A wait that stands in front of the gate, or
#: holds the loop, is seen with the first. For ways to wait that no gate knows the clock has to
#: tell, and it can once the wait is long against the machine's noise.
QUICK, LONG = 0.2, (1.0, 3.0)
#: In logical time a wait is over when the gate says so. What it holds of this one takes no time; what escapes it shows.
LOGICAL = 3.0
#: So long waits who sleeps once for all of it: in logical time that is no longer, and more than anybody thinks is enough. In seconds.
FOREVER = 600.0
#: What escapes the gate of a wait is made to take so long, in seconds, before the clock has to tell whether it is shared.
UNKNOWN = 3.0

Payload = dict[str, Any]


def far() -> float:
    """A number that is far from 0, and finite as any other."""
    return random.choice((-1, 1)) * 10 ** random.uniform(3, 12)


def different(count: int) -> list[Payload]:
    """``count`` payloads that nobody can have foreseen, each of them another; every third is far from 0."""
    payloads = [{"feature_1": random.uniform(-9, 9), "feature_2": random.uniform(-9, 9)} for _ in range(count)]
    for payload in payloads[2::3]:
        payload[random.choice(("feature_1", "feature_2"))] = far()
    return payloads


async def observe_waits(service: ServiceStarter, path: str, payloads: Sequence[Payload]) -> Observation:
    """A request to ``path`` for each of ``payloads``, seen while they wait; raises `Red` when one isn't answered with 200."""
    seen = await _observe(service, path, payloads, QUICK)
    # What a request starts may tick (a poll, a scheduler): such sleeps are short against the wait, and aren't it.
    ticks = bool(seen.held) and not seen.together and all(arrival["seconds"] < 0.25 * QUICK for arrival in seen.held)
    if seen.blocks or (seen.held and not ticks):
        return seen
    for wait in LONG:
        await timed(await service(inference_seconds=wait), path, payloads[0], wait)
        seen = await _observe(service, path, payloads, wait, shortest=0.3 * wait)
        if seen.together or seen.held or seen.blocks:
            break
    return seen


async def _observe(service: ServiceStarter, path: str, payloads: Sequence[Payload], wait: float, **options: float) -> Observation:
    api = await service(inference_seconds=wait)
    seen = await hold_and_ping(api, path, len(payloads), payloads, wait=wait, **options)
    await _answered_well(api, seen)
    return seen


async def observe_rounds(service: ServiceStarter, path: str, payloads: Sequence[Payload], first: Observation, api: Service | None = None) -> Rounds:
    """The same requests, round by round in logical time; raises `Red` when one alone, or one of them, waits for too short.

    For waits that stood in front of the gate, as the ``first`` observation has seen: so every part of them is looked at.
    They are sent to ``api``, if it is given: a service that waits for `LOGICAL` seconds.
    """
    alone = await observe_forever(service, path, payloads, first)
    if alone is None:
        alone = await hold_in_rounds(await service(inference_seconds=LOGICAL), path, 1, payloads[:1], wait=LOGICAL)
    api = api or await service(inference_seconds=LOGICAL)
    seen = await hold_in_rounds(api, path, len(payloads), payloads, wait=LOGICAL)
    await _answered_well(api, seen)
    if seen.blocks or not seen.together:
        return seen
    for each in (alone, seen):
        if each.shortest_wait < 0.99 * each.wait:
            others = "" if each is alone else f", while {len(payloads) - 1} others waited"
            raise Red(f"With INFERENCE_SECONDS={each.wait:g} a request to {path} waited for {each.shortest_wait:.2f} s{others}. "
                      f"Each has to wait for the whole of it.{_the_last(each)}")
    # Nearly all of the wait was held in front of the gate: then the rounds have told. What hardly any answer has is told by a clock.
    known = min((alone.skipped(span) for span in alone.spans), default=0.0)
    if known < 0.97 * alone.wait:
        await _shares_what_no_gate_knows(service, path, payloads, 1 - known / alone.wait)
    return seen


async def observe_forever(service: ServiceStarter, path: str, payloads: Sequence[Payload], first: Observation) -> Rounds | None:
    """One request that waits `FOREVER`, in logical time; None when that can't be had in no time.

    Who sleeps in parts, as the ``first`` observation has seen or shows here, may look at a clock that goes on as clocks do.
    """
    if any(arrival["seconds"] < 0.99 * first.wait for arrival in first.held):
        return None
    seen = await hold_in_rounds(await service(inference_seconds=FOREVER), path, 1, payloads[:1], wait=FOREVER, patience=1.0)
    return seen if seen.answered else None


async def _shares_what_no_gate_knows(service: ServiceStarter, path: str, payloads: Sequence[Payload], share: float) -> None:
    """Raises `Red` when requests take turns in that ``share`` of their wait that no gate knows.

    The wait is made so long that the share is `UNKNOWN` seconds: turns take that much more, which a busy machine doesn't.
    """
    wait = UNKNOWN / share
    alone, seen = [
        await hold_in_rounds(await service(inference_seconds=wait), path, count, payloads[:count], wait=wait, patience=4 * UNKNOWN)
        for count in (1, len(payloads))
    ]
    if not seen.answered or seen.real_seconds - alone.real_seconds > 0.98 * UNKNOWN:
        took = f"take {seen.real_seconds:.2f} s" if seen.answered else f"are not done after {4 * UNKNOWN:g} s"
        raise Red(f"With INFERENCE_SECONDS={wait:.3g} a request to {path} that comes alone takes {alone.real_seconds:.2f} s beside what a gate "
                  f"can hold of its wait; {len(payloads)} that are sent together {took}: in that part they take turns.{_the_last(seen)}")


def _the_last(seen: Rounds) -> str:
    frames = [arrival["frame"] for held in seen.rounds for arrival in held if arrival["frame"]]
    return f"\nWhat was held of it was at {where(frames[-1])}:{quoted(frames[-1])}" if frames else ""


async def _answered_well(api: Service, seen: Observation) -> None:
    for request in seen.requests:
        if request.response is not None:
            await api.expect(200, request.response, why=f"{seen.count} requests were sent together.")


async def check_answers(reference: Functions, seen: Observation, payloads: Sequence[Payload]) -> None:
    """Raises `Red` when an answer isn't the one to its own question."""
    expected = [await predicted(reference, **payload) for payload in payloads]
    wrong = [
        (payload, request.response.text, right) for payload, request, right in zip(payloads, seen.requests, expected, strict=True)
        if request.response is not None and not same(right, request.response.json())
    ]
    if wrong:
        payload, answer, right = wrong[0]
        others = any(same(other, json.loads(answer)) for other in expected)
        raise Red(f"{len(payloads)} requests to {seen.path} waited together, each with another input, and {len(wrong)} of them got a wrong answer. "
                  f"The one with\n    {payload}\ngot\n    {answer}\nbut app.model says\n    {right}\n"
                  + ("It is the answer to another request. " if others else "")
                  + "While a request waits, others run: what they share, such as a global name, has changed when it goes on.")


async def timed(api: Service, path: str, payload: dict[str, Any], wait: float, service: ServiceStarter | None = None) -> None:
    """Raises `Red` when POST ``path`` isn't answered well, or sooner than after ``wait`` seconds.

    On a busy machine a short wait can take as long as a long one. When the waits that are known of the first
    request to ``api`` are too short, a ``service`` is asked again, with a wait that no noise makes up for.
    """
    sent = time.perf_counter()
    answer = await api.post(path, json=payload)
    took = time.perf_counter() - sent
    await api.expect(200, answer)
    report = await api.report()
    slept = slept_for(report, path)
    known = one_after_another(slept)
    places = [each["frame"] for each in slept or report["arrivals"] if each["frame"] and each["left"] is not None]
    waited = f" It waited at {where(places[-1])}:{quoted(places[-1])}" if places else ""
    asked = f"With INFERENCE_SECONDS={wait}, POST {path}"
    if took < 0.99 * wait:
        raise Red(f"{asked} was answered after {took:.3f} s.{waited}{never_awaited(api.host.output())}")
    # Both: what was slept is exact, but may be somebody else's, whom the request started; what it took may be the machine's noise.
    if service and min(known, took) > 1.5 * wait:
        raise Red(f"{asked} slept for {known:.2f} s. The setting is the whole of its wait.{waited}")
    if service and known < 0.99 * wait:
        await timed(await service(inference_seconds=LONG[0]), path, payload, LONG[0])


def slept_for(report: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """The sleeps that began and ended within the newest request to ``path`` that was answered with 200.

    Whose number they carry tells nothing, as tasks inherit it.
    Who still sleeps when the answer is there, sleeps for others: what was slept at that place is left out.
    """
    spans = [span for span in report["spans"] if span["path"] == path and span["status"] == 200 and span["complete"] is not None]
    if not spans:
        return []
    span = max(spans, key=lambda span: int(span["number"]))
    begun = [each for each in report["arrivals"] if each["arrived"] < span["complete"]]
    within = [each for each in begun if each["arrived"] >= span["start"] and each["left"] is not None and each["left"] <= span["complete"]]
    going = {_place(each) for each in begun if each["left"] is None or each["left"] > span["complete"]} - {None}
    return [each for each in within if _place(each) not in going]


def _place(wait: dict[str, Any]) -> tuple[str, int] | None:
    return (wait["frame"]["file"], wait["frame"]["line"]) if wait["frame"] else None


def lasted(wait: dict[str, Any]) -> float:
    """For how many seconds it slept: what was asked for, or less when it was given up."""
    return float(min(wait["seconds"], wait["left"] - wait["arrived"]))


async def slept_although_zero(api: Service, path: str) -> list[dict[str, Any]]:
    """With INFERENCE_SECONDS=0, the sleeps of the newest good answer to ``path`` that no machine's noise makes up for; none are right."""
    return [each for each in slept_for(await api.report(), path) if lasted(each) >= 0.05]


def one_after_another(waits: Iterable[dict[str, Any]]) -> float:
    """How many seconds of ``waits`` were slept one after another: the longest chain in which none begins before the last one is over."""
    ends: list[tuple[float, float]] = []  # when a wait was over, and how long the longest chain is that ends with it
    for each in sorted(waits, key=lambda wait: float(wait["arrived"])):
        before = max((total for left, total in ends if left <= each["arrived"]), default=0.0)
        ends.append((each["left"], before + lasted(each)))
    return max((total for _, total in ends), default=0.0)
