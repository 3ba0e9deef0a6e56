"""G · The answer comes first, the event is delivered once after it, and none is lost."""

import asyncio
import json
import random
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dojo.kata import Answer, Burst, Call, Red, Request, Service, ServiceStarter, Upstream, alone, exercise, held_loop, plural, quoted, where
from katas.phase1_5_sync_async.limits import LONG, must_not_begin_anew, must_wait_on, too_late
from katas.phase1_5_sync_async.the_loop import all_but_the_first, must_stay_free, must_stay_free_for_a_second_try

pytestmark = exercise("G", edit="app/routers/tracking.py")

#: More than asyncio's default executor ever has threads, fewer than FastAPI's pool has.
MANY = 36
#: So many events in a row are lost until the analytics service is in order again.
IN_A_ROW = 8
#: More than httpx opens connections.
FAILING = 110
#: So many tries at one event fail.
FAILING_TRIES = 3
#: More than are under way at once where somebody limits that.
CROWD = 24
#: What is slow must run into it.
SHORT = 0.25
#: Ends a wait for what never comes. In seconds without any news.
PATIENCE = 4.0
#: Without news for so long, nobody is coming any more, when the loop is alive or is seen to stand. Only wrong answers wait for it.
QUIET = 2.0
ACCEPTED = Answer(201, json={"stored": True})

Starter = Callable[..., Awaitable[Upstream]]
Event = dict[str, Any]


def events(count: int) -> list[Event]:
    """New events, which no answer can know beforehand."""
    return [{"event": f"{random.choice(('click', 'scroll', 'buy'))}-{secrets.token_hex(4)}", "user_id": random.randrange(10**9)}
            for _ in range(count)]


def came(call: Call) -> str:
    """What the analytics service was sent, in a form that can be compared."""
    body = call.details["body"].decode(errors="replace")
    try:
        body = spelled(json.loads(body))
    except ValueError:
        pass
    return body if call.text == "POST /events" else f"{call.text} with {body}"


def spelled(event: Any) -> str:
    """An event as text."""
    return json.dumps(event, sort_keys=True, ensure_ascii=False)


def delivered(up: Upstream, refused: Sequence[Event] = ()) -> Counter[str]:
    """How often each event was delivered: sent, and answered with success (unlike those that are ``refused``)."""
    failed = set(map(spelled, refused))
    sent = [came(call) for call in up.calls if call.answered is not None and not call.lost]
    return Counter(each for each in sent if each not in failed)


def refusing(refused: Sequence[Event], answer: Answer) -> Callable[[Call], Answer]:
    """The analytics service when it has this ``answer`` to some events, and is in order otherwise."""
    failed = set(map(spelled, refused))
    return lambda call: answer if came(call) in failed else ACCEPTED


async def start(service: ServiceStarter, upstream: Starter, timeout: float = LONG) -> tuple[Service, Upstream]:
    """The service and the analytics service."""
    up = await upstream("the analytics service", lambda call: ACCEPTED)
    return await service(analytics_url=up.url, upstream_timeout_seconds=timeout, options={"overlay": alone("tracking")}), up


async def track(api: Service, event: Event, why: str = "") -> None:
    """Sends an event, which has to be accepted."""
    answer = await api.post("/track", json=event)
    await api.expect(202, answer, why=why or "202, Accepted, says: taken, not done yet.")
    assert {"status": "accepted"} == answer.json(), f"POST /track answered {answer.text}"


async def once(happened: Callable[[], Any], news: Callable[[], Any] = lambda: None) -> bool:
    """Waits until ``happened`` is true; False when there was no ``news`` for as long as the patience lasts."""
    mark, changed = news(), time.perf_counter()
    while not happened():
        if news() != mark:
            mark, changed = news(), time.perf_counter()
        if time.perf_counter() - changed > PATIENCE:
            return False
        await asyncio.sleep(0.003)
    return True


async def settled(api: Service, up: Upstream) -> None:
    """Returns when the service was alive many times over, and nothing new came to the analytics service."""
    alive, count, until = 0, len(up.calls), time.perf_counter() + PATIENCE
    while alive < 12 and time.perf_counter() < until:
        alive += bool((await api.pulse()).get("alive"))
        if up.unanswered or len(up.calls) != count:
            alive, count = 0, len(up.calls)
        await asyncio.sleep(0.003)


async def compare(api: Service, up: Upstream, accepted: list[Event], after: str, refused: Sequence[Event] = ()) -> None:
    """Each of the ``accepted`` events has to be delivered exactly once."""
    expected = Counter(map(spelled, accepted))
    await once(lambda: not expected - delivered(up, refused), lambda: len(up.calls) + sum(delivered(up).values()))
    if not api.host.gone:
        await settled(api, up)
    got = delivered(up, refused)
    missing, extra = expected - got, got - expected
    if not missing and not extra:
        return
    told = [after]
    if missing:
        told.append(f"{missing.total()} of the {expected.total()} accepted events never reached the analytics service, such as\n"
                    f"    {next(iter(missing)):.70}")
    again = [each for each in extra if each in expected]
    if again:
        told.append(f"{plural(len(again), 'event')} came more than once, such as\n    {again[0]:.70}\nOne that was answered with success is done.")
    if len(again) < len(extra):
        told.append(f"It got what nobody had sent you:\n    {next(each for each in extra if each not in expected):.200}\n"
                    "Wanted is POST {ANALYTICS_URL}/events with the same JSON.")
    raise Red("\n".join(told))


@dataclass
class Sent:
    """What was seen while ``count`` events were sent and the analytics service answered none."""

    count: int
    answered: int
    health: bool
    report: dict[str, Any]
    #: How often each status was answered, in the end.
    statuses: Counter[int] = field(default_factory=Counter)

    def why(self) -> str:
        """Who was held up: one paragraph."""
        lines = [f"{plural(self.count, 'event')} {'was' if self.count == 1 else 'were'} sent. While the analytics service held its answers, "
                 f"{self.answered} of {self.count} {'was' if self.answered == 1 else 'were'} answered"
                 f"{'' if self.health else ', and /health was not'}."]
        stuck = [block for block in self.report.get("blocks", ()) if block["proof"] != "clock"]
        if stuck:
            return "\n".join([*lines, held_loop(stuck[0]), "A call that blocks holds up everybody, before the answer or after it: the loop is one."])
        for place in self.report.get("standing", ())[:3]:
            lines.append(f"{place['count']} stood at {where(place)}:{quoted(place)}")
        if self.answered < self.count:
            lines.append("Answer first: what comes after it is no affair of the client's.")
        return "\n".join(lines)


async def send_held(api: Service, up: Upstream, tracked: list[Event], *, release: bool = True) -> Sent:
    """Sends events while the analytics service holds its answers; ``release`` them afterwards or not."""
    await api.watch()
    up.close()
    burst = Burst(api, [Request("POST", "/track", {"json": event}) for event in tracked])

    def answered() -> int:
        return sum(request.answered is not None for request in burst.requests)

    mark, alive, changed = (0, 0, 0), 0, time.perf_counter()
    stuck = False
    while answered() < len(tracked) or not up.calls:
        pulse = await api.pulse()
        now = (answered(), len(up.calls), int(pulse["started"]))
        if now != mark:
            mark, alive, changed = now, 0, time.perf_counter()
        alive += bool(pulse["alive"])
        stuck = bool(pulse["stuck"])
        silence = time.perf_counter() - changed
        if silence > PATIENCE or (silence > QUIET and (stuck or (now[2] >= len(tracked) and up.calls and alive >= 25))):
            break
        await asyncio.sleep(0.003)
    healthy = not up.held or await api.answers("/health", 1.0 if stuck else 3.0)
    seen = Sent(len(tracked), answered(), healthy, await api.report())
    if release or seen.answered < seen.count or not seen.health:
        up.open()
    await burst.finish(PATIENCE)
    seen.statuses.update(request.response.status_code for request in burst.requests if request.response is not None)
    return seen


async def must_be_accepted(api: Service, up: Upstream, tracked: list[Event], *, release: bool = True) -> None:
    """All of ``tracked`` have to be answered 202 while their deliveries are held, and /health too."""
    seen = await send_held(api, up, tracked, release=release)
    if seen.answered < seen.count or not seen.health:
        raise Red(seen.why())
    assert Counter({202: seen.count}) == seen.statuses, (
        f"{seen.count} events were sent while the analytics service held its answers; the answers were {dict(seen.statuses)}."
    )


async def test_an_event_is_accepted_and_delivered(service: ServiceStarter, upstream: Starter) -> None:
    """POST /track answers 202 {"status": "accepted"}, and the analytics service gets the same JSON once, at POST /events."""
    api, up = await start(service, upstream)
    tracked = [*events(2), {"event": 'Zoë said "hi" & left\n<☕>', "user_id": 2**53 + 1}, {"event": "x" * 5000, "user_id": 0}]
    tracked.append(tracked[0])  # the same thing may happen twice
    successes = iter([ACCEPTED, Answer(200), Answer(202), Answer(204)])
    up.answer = lambda call: next(successes, ACCEPTED)

    for number, event in enumerate(tracked, 1):
        await track(api, event)
        if not await once(lambda number=number: sum(delivered(up).values()) >= number):
            break
    await compare(api, up, tracked[:number], f"{plural(number, 'event')} {'was' if number == 1 else 'were'} sent, one after the other.")

    logged = await api.logged()
    assert not logged, (
        f"All events were delivered, answered with 200, 201, 202 or 204, and yet {where(logged[0]['place'])} logged at "
        f"{logged[0]['level']}:\n    {logged[0]['message']:.70}\n"
        "A warning that always comes says nothing."
    )


async def test_a_bad_body_is_refused(service: ServiceStarter, upstream: Starter) -> None:
    """What is no event is a 422, and nothing of it reaches the analytics service."""
    api, up = await start(service, upstream)
    [good] = events(1)

    for bad in ({}, {"event": "click"}, {"user_id": 7}, {"event": "click", "user_id": "seven"}, {"event": "click", "user_id": 1.5},
                {"event": 7, "user_id": 7}, {"event": None, "user_id": 7}, {"event": "click", "user_id": None}, [good], "click", None):
        answer = await api.post("/track", json=bad)
        await api.expect(422, answer, why=f"The body was {json.dumps(bad)}. Who sends it has to hear of it now: later there is nobody to tell.")
    await api.expect(422, await api.post("/track", content=b"event=click", headers={"content-type": "application/json"}), why="The body is no JSON.")

    await settled(api, up)
    assert not up.calls, (
        f"12 bodies were sent, each of them no event, and the analytics service got {plural(len(up.calls), 'call')}, the first with\n"
        f"    {came(up.calls[0]):.70}\nLook first, then deliver."
    )
    await track(api, good)
    await compare(api, up, [good], "After some bodies that were no events a good one was sent.")


async def test_the_answer_does_not_wait_for_the_delivery(service: ServiceStarter, upstream: Starter) -> None:
    """The answer comes before the analytics service has answered, and /health answers while it doesn't."""
    api, up = await start(service, upstream)
    tracked = events(1)

    await must_be_accepted(api, up, tracked)

    await compare(api, up, tracked, "An event was accepted while the analytics service held its answer.")


async def test_a_held_delivery_holds_nobody_up(service: ServiceStarter, upstream: Starter) -> None:
    """While the analytics service holds its answers 36 events are accepted; then each is delivered once."""
    api, up = await start(service, upstream)
    tracked = events(MANY - 1)
    tracked.append(tracked[0])

    await must_be_accepted(api, up, tracked)

    await compare(api, up, tracked, f"{MANY} events were accepted while the analytics service held its answers; then it answered.")
    await must_stay_free(api, "Events were delivered.")


FAILURES = (
    ("answered 500", Answer(500, json={"error": "oops"})),
    ("answered 404", Answer(404, json={"error": "no such page"})),
    ("answered 302: it has moved, and took nothing", Answer(302)),
    ("answered 503 with a page of HTML", Answer(503, body=b"<html>down</html>", headers={"content-type": "text/html"})),
    ("hung up without an answer", Answer(garbage=b"")),
    ("answered with what is no HTTP", Answer(garbage=b"\x00\x01\x02 what?\r\n\r\n")),
)


async def must_be_logged(api: Service, before: int, what: str) -> None:
    """There has to be a warning more than ``before``."""
    until = time.perf_counter() + PATIENCE
    while len(await api.logged()) <= before:
        if time.perf_counter() > until:
            lines = [line for line in api.host.output().splitlines() if line.strip()]
            printed = f"\nThe last that was printed, by whomever:\n    {lines[-1]:.70}" if lines else ""
            raise Red(f"{what} Your code logged nothing at WARNING or above.{printed}\n"
                      "The client has its answer, so a log is the only place where anybody learns that events are lost.")
        await asyncio.sleep(0.005)


async def each_must_be_logged(api: Service, before: int, lost: Sequence[Event], what: str) -> None:
    """There has to be a warning more than ``before`` for each event that is lost, or one that names it: a warning may speak of several."""
    told: list[str] = []

    async def silent() -> int:
        told[:] = [line["message"] for line in (await api.logged())[before:]]
        return len(lost) - max(len(told), sum(any(event["event"] in line for line in told) for event in lost))

    mark, changed = len(lost), time.perf_counter()
    while (missing := await silent()) > 0:
        if missing != mark:
            mark, changed = missing, time.perf_counter()
        if time.perf_counter() - changed > PATIENCE:
            raise Red(f"{what} Of {len(lost)} that were lost, your code logged {len(lost) - missing}, such as\n    {(told or ['nothing'])[0]:.70}\n"
                      "When several fail at the same time, each of them is an event that nobody has.")
        await asyncio.sleep(0.005)


async def test_a_failing_upstream_is_logged(service: ServiceStarter, upstream: Starter) -> None:
    """Whatever the analytics service does wrong, the client gets its 202, your code logs it, and the next event is delivered."""
    api, up = await start(service, upstream, timeout=2.0)

    all_lost: list[Event] = []
    for what, failing in FAILURES:
        lost, good = events(2)
        all_lost.append(lost)  # an earlier one may still be tried again
        up.answer = refusing(all_lost, failing)
        before = len(await api.logged())

        await track(api, lost, why=f"The analytics service {what}. That is not this client's affair.")
        await must_be_logged(api, before, f"The analytics service {what}.")

        up.calls.clear()
        await track(api, good)
        await compare(api, up, [good], f"The analytics service {what}, for one event. From then on it was in order.", all_lost)
    for lost in events(IN_A_ROW):
        all_lost.append(lost)
        up.answer = refusing(all_lost, FAILURES[0][1])
        before = len(await api.logged())
        await track(api, lost)
        await must_be_logged(api, before, f"The analytics service {FAILURES[0][0]}.")
    up.calls.clear()
    await track(api, good)
    await compare(api, up, [good], f"The analytics service {FAILURES[0][0]}, for {IN_A_ROW} events in a row. From then on it was in order.", all_lost)
    await must_stay_free(api, "The analytics service failed.")
    # A delivery that failed must give back what it has borrowed: httpx opens 100 connections, and then waits for one.
    crowd, [good] = events(FAILING), events(1)
    all_lost += crowd
    up.answer = refusing(all_lost, FAILURES[0][1])
    for first in range(0, FAILING, 10):
        await asyncio.gather(*(track(api, event) for event in crowd[first:first + 10]))
    await once(lambda: len({came(call) for call in up.calls} & set(map(spelled, crowd))) == FAILING, lambda: len(up.calls))
    await settled(api, up)
    up.calls.clear()
    await track(api, good)
    when = (f"The analytics service {FAILURES[0][0]}, for {FAILING} events more. From then on it was in order. "
            "A delivery that failed has to give back what it was lent, a connection or a slot of yours.")
    await compare(api, up, [good], when, all_lost)
    await each_must_be_logged(api, before + 1, crowd, f"The analytics service {FAILURES[0][0]}, for {FAILING} events, ten at a time.")


async def test_a_second_try_holds_nobody_up(service: ServiceStarter, upstream: Starter) -> None:
    """Who tries again after a failure leaves the event loop free while the analytics service holds its answer to that."""
    api, up = await start(service, upstream, timeout=2.0)

    async def logged(count: int) -> None:
        while len(await api.logged()) < count:
            await asyncio.sleep(0.005)

    for what, failing in (FAILURES[0], FAILURES[4]):
        answers = iter([failing] * FAILING_TRIES)
        up.answer = lambda call, answers=answers: next(answers, ACCEPTED)
        up.close(all_but_the_first())
        [event] = events(1)
        given_up = asyncio.create_task(logged(len(await api.logged()) + 1))
        await track(api, event)
        await must_stay_free_for_a_second_try(api, up, given_up.done, f"The analytics service {what}.")
        await once(lambda event=event, given_up=given_up: given_up.done() or delivered(up)[spelled(event)])
        given_up.cancel()


async def test_an_upstream_that_is_down_is_logged(service: ServiceStarter, upstream: Starter) -> None:
    """While the analytics service is down events are accepted and their loss is logged; when it is back, they are delivered."""
    api, up = await start(service, upstream, timeout=2.0)
    first, last, *lost = events(4)
    await track(api, first)
    await compare(api, up, [first], "An event was sent.")
    await up.stop()

    for event in lost:
        before = len(await api.logged())
        await track(api, event, why="Nobody listens at ANALYTICS_URL any more. That is not this client's affair.")
        await must_be_logged(api, before, "Nobody listens at ANALYTICS_URL any more.")

    await up.start()
    await track(api, last)
    assert await once(lambda: delivered(up)[spelled(last)]), "The analytics service was down for a while. It is back, and the next event never came."
    await must_stay_free(api, "The analytics service was down.")


async def test_a_slow_upstream_is_given_up(service: ServiceStarter, upstream: Starter) -> None:
    """A delivery that isn't done in UPSTREAM_TIMEOUT_SECONDS is given up and logged, and the next event is delivered."""
    patient, held_on = await start(service, upstream, timeout=LONG)
    api, up = await start(service, upstream, timeout=SHORT)
    slow, *good = events(8)
    held_on.close()
    up.close()

    await track(patient, slow)
    await held_on.arrived(1)
    await track(api, slow)
    await once(lambda: up.calls)
    told = f"The analytics service took an event and did not answer; UPSTREAM_TIMEOUT_SECONDS was {SHORT}, and {PATIENCE:g} s have passed."
    await must_be_logged(api, 0, told)
    anew = too_late(up.calls, SHORT)
    given_up = asyncio.create_task(must_be_logged(patient, 0, ""))
    await must_wait_on(patient, given_up, SHORT, "the analytics service held its answers")
    given_up.cancel()
    held_on.open()
    if anew:
        slower, held_longer = await start(service, upstream, timeout=8 * SHORT)

        async def lose_one() -> None:
            await track(slower, slow)
            while not await slower.logged():
                await asyncio.sleep(0.02)

        await must_not_begin_anew(held_longer, lose_one(), 8 * SHORT)

    up.open()
    for event in good:  # a busy machine may need longer than that for one of them
        before = len(await api.logged())
        await track(api, event)
        until = time.perf_counter() + PATIENCE
        while not delivered(up)[spelled(event)] and len(await api.logged()) == before and time.perf_counter() < until:
            await asyncio.sleep(0.005)
        if delivered(up)[spelled(event)]:
            return await must_stay_free(api, "The analytics service was slow.")
        if len(await api.logged()) == before:
            break
    raise Red("An event was given up, as the analytics service took too long. From then on it was in order, and the next event never came.")


def unsent(up: Upstream, tracked: list[Event]) -> set[str]:
    """Which of the events have never been sent to the analytics service."""
    return set(map(spelled, tracked)) - {came(call) for call in up.calls}


async def test_who_waits_for_a_turn_is_not_late(service: ServiceStarter, upstream: Starter) -> None:
    """An event that waits in the service until others have been delivered is sent in the end: its time limit begins when it is sent."""
    # A machine under load may need longer than the short limit for a good delivery: what is seen once is looked at once more, with a longer one.
    for timeout in (SHORT, 8 * SHORT):
        if not (told := await late_in_a_crowd(service, upstream, timeout)):
            return
    raise Red(told)


async def late_in_a_crowd(service: ServiceStarter, upstream: Starter, timeout: float) -> str:
    """What is to be told when events are given up that nobody has sent; empty when all of them came."""
    api, up = await start(service, upstream, timeout)
    crowd = events(CROWD)
    up.close()
    await asyncio.gather(*(track(api, event) for event in crowd))
    await once(lambda: any(call.lost for call in up.calls), lambda: len(up.calls))
    await asyncio.sleep(timeout)  # so that those that were accepted last would be late too
    held = len(up.calls)
    up.open()
    await once(lambda: not unsent(up, crowd), lambda: len(up.calls))
    if not (never := unsent(up, crowd)):
        return ""
    return (f"{CROWD} events were accepted, and the analytics service held its answer to {held} of them until UPSTREAM_TIMEOUT_SECONDS, which was "
            f"{timeout}, was over. From then on it was in order; but {plural(len(never), 'event')} never came, as nobody sent them. A delivery has "
            "failed when the analytics service was asked and didn't answer in time. Who waits for a turn in your service isn't late.")


async def stop(api: Service, up: Upstream, tracked: list[Event], refused: Sequence[Event] = ()) -> None:
    """Stops the service while deliveries are held, and lets them go once it is seen to wait for them."""
    await must_be_accepted(api, up, tracked, release=False)
    places = await api.standing()
    waits = await api.terminate()
    if waits and up.release(only=lambda call: came(call) in map(spelled, refused)):
        waits = await api.lingers()
    if waits:
        up.open()
        waits = not await api.host.ends(2 * PATIENCE)
    else:
        await once(lambda: not up.held)

    told = f"{len(tracked)} events were accepted and the analytics service held its answers when the service was told to stop (SIGTERM)."
    kept = [event for event in tracked if event not in refused]
    lost = Counter(map(spelled, kept)) - delivered(up, refused)
    if not lost:
        if waits:
            raise Red(f"{told}\nThe deliveries were let go, all events arrived, and {2 * PATIENCE:g} s later the service has not ended.")
        return await compare(api, up, kept, f"{told} It waited for them.", refused)
    at = "".join(f"\nDeliveries stood at {where(place)}:{quoted(place)}" for place in places[:2])
    failed = " One of them failed then." if refused else ""
    raise Red(f"{told}{failed} {'It hung' if waits else 'It ended'}, and {lost.total()} of the {len(kept)} were never delivered.{at}\n"
              "Uvicorn waits for open requests with their background tasks, and for the end of the lifespan. What else is under way then "
              "ends with the process.")


async def test_nothing_is_lost_at_a_graceful_stop(service: ServiceStarter, upstream: Starter) -> None:
    """A service that is told to stop delivers what it has accepted, then ends."""
    api, up = await start(service, upstream)

    await stop(api, up, events(MANY))


async def test_a_failure_at_the_stop_costs_no_other_event(service: ServiceStarter, upstream: Starter) -> None:
    """When one of the last deliveries fails, the others are waited for all the same."""
    api, up = await start(service, upstream)
    tracked = events(8)
    answers = iter([Answer(500)])  # and if it is tried again, that is in order
    up.answer = lambda call: next(answers, ACCEPTED) if came(call) == spelled(tracked[0]) else ACCEPTED

    await stop(api, up, tracked, refused=tracked[:1])
