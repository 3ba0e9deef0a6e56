"""H · Five calls wait together, and each may fail for itself."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest_asyncio

from dojo.kata import Answer, Held, Picture, Red, Request, Service, ServiceStarter, Upstream, bars, exercise, held_loop, hold, listed
from katas.phase1_5_sync_async.dashboards import NAMES, Values, answering, expect_one_call_each, expect_page, name_of, new_values, page_of, shown
from katas.phase1_5_sync_async.the_loop import must_stay_free

pytestmark = exercise("H", edit="app/routers/dashboard.py")

DASHBOARD = Request("GET", "/dashboard")
#: Long enough for tests that aren't about the time limit, and the short one for those that are. In seconds.
PATIENT, SHORT = 30.0, 0.25
#: How long after its time limit a dashboard is still waited for, only to end a hang. In seconds; in all it is less than httpx's default limit of 5.
PATIENCE = 4.0

Starter = Callable[..., Awaitable[Upstream]]


async def until(condition: Callable[[], bool], patience: float = 3.0) -> bool:
    """Waits for ``condition``, ``patience`` seconds at most; whether it came true."""
    end = time.perf_counter() + patience
    while not condition():
        if time.perf_counter() > end:
            return False
        await asyncio.sleep(0.002)
    return True


async def settle(api: Service) -> None:
    """Returns when the service has seen to all that it had got before: each answer of /health is a trip through its loop."""
    for _ in range(3):
        await api.answers("/health", 3.0)


def ask(api: Service) -> asyncio.Task[httpx.Response]:
    """A request for a dashboard, on its way."""
    return asyncio.create_task(api.get("/dashboard", patience=PATIENT))


def answered(gate: Upstream) -> int:
    """How many calls have been answered since the gate was closed."""
    return sum(call.answered is not None for call in gate.calls)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def patient(lasting_service: ServiceStarter) -> Any:
    """A service with a long time limit and the five that it calls, for all tests that don't watch its event loop, as watching takes time."""
    up = await Upstream("the five services").start()
    try:
        yield await lasting_service(services_url=up.url, upstream_timeout_seconds=PATIENT), up
    finally:  # also when the service doesn't start
        await up.stop()


async def start(service: ServiceStarter, upstream: Starter, values: Values, timeout: float = PATIENT) -> tuple[Service, Upstream]:
    """A service, and five of its own that it calls."""
    up = await upstream("the five services", answering(values))
    return await service(services_url=up.url, upstream_timeout_seconds=timeout), up


async def hurried(service: ServiceStarter, upstream: Starter, timeout: float) -> tuple[Service, Upstream]:
    """A service with a short time limit, which has asked the five once."""
    api, up = await start(service, upstream, dict.fromkeys(NAMES, 0), timeout)
    await api.get("/dashboard")  # whatever comes of it: a first call connects, and takes longer
    return api, up


async def expect_recovery(api: Service, values: Values, seen: str) -> None:
    """Raises `Red` unless a dashboard, soon, has no errors: a broken connection may be tried once more, a machine may be busy for a moment."""
    for _ in range(20):
        answer = await api.get("/dashboard")
        if answer.status_code != 200 or not page_of(answer).get("errors"):
            break
        await asyncio.sleep(0.05)
    await expect_page(api, answer, values, seen=seen)


Pair = tuple[Service, Upstream]


async def test_the_five_answers(patient: Pair) -> None:
    """GET /dashboard answers 200 with what each of the five services answers, under its name, and no errors."""
    api, up = patient
    values, before = new_values(), len(up.calls)
    up.answer = answering(values)

    answer = await api.get("/dashboard")

    await api.expect(200, answer, why="The services are at SERVICES_URL.")
    expect_one_call_each(up.calls[before:])
    await expect_page(api, answer, values)


async def test_each_dashboard_asks_anew(patient: Pair) -> None:
    """Every dashboard asks each service once, and shows what it answers now."""
    api, up = patient

    for number in ("first", "second", "third"):
        values, before = new_values(), len(up.calls)
        up.answer = answering(values)
        answer = await api.get("/dashboard")

        expect_one_call_each(up.calls[before:], f"the {number} dashboard")
        await expect_page(api, answer, values)


async def test_whatever_is_json_is_passed_through(patient: Pair) -> None:
    """Null, 0, false, empty things and an object that speaks of errors are answers like any other."""
    api, up = patient
    odd = [None, 0, False, "", [], {}, 0.0, True, {"error": None, "detail": "all is well"}, {"errors": ["service_1"], "status": 500}, None, "null"]
    random.shuffle(odd)

    for _ in range(3):
        values = dict(zip(NAMES, odd, strict=False))
        odd = odd[4:] + odd[:4]
        up.answer = answering(values)
        said = ", ".join(shown(values[name]) for name in NAMES)
        await expect_page(api, await api.get("/dashboard"), values, seen=f"The services answered {said}, each with status 200.")


async def test_the_five_calls_are_in_flight_together(service: ServiceStarter, upstream: Starter) -> None:
    """The five calls of one dashboard are in flight at the same time, and /health answers meanwhile."""
    values = new_values()
    api, up = await start(service, upstream, values)

    seen = await hold(api, up, [DASHBOARD], expected=len(NAMES))

    if not seen.together:
        raise Red(why_in_turns(seen))
    if not seen.health:
        blocks = [*seen.after.get("blocks", ()), *seen.seen.get("blocks", ())]
        stood = f"\n\n{held_loop(blocks[0])}" if blocks else ""
        raise Red(f"The five calls of a dashboard were in flight together, and /health did not answer while they were held.{stood}")
    await expect_page(api, response(seen), values)


def why_in_turns(seen: Held) -> str:
    """Which call had to wait for which, and where."""
    calls = sorted(seen.gate.calls, key=lambda call: call.sent)
    early = min((call for call in calls if call.answered), key=lambda call: call.answered or 0.0, default=None)
    late = next((call for call in calls if early and call.sent >= (early.answered or 0.0)), None)
    if seen.blocks or early is None or late is None:
        return seen.why_not_together()
    turns = [f"call {calls.index(call) + 1} ({name_of(call)})" for call in (late, early)]
    rows: list[tuple[str, float | None, float | None, str]] = [(name_of(call), call.sent, call.answered, "") for call in calls]
    return "\n".join([
        f"The service sent {turns[0]} only after {turns[1]} had been answered.",
        "", Picture(bars(rows)), "", seen.why_not_together(),
    ])


def response(seen: Held) -> httpx.Response:
    """The answer to the only request of a burst."""
    answer = seen.requests[0].response
    if answer is None:
        raise Red("GET /dashboard got no answer, although all five services had answered.")
    return answer


async def test_answers_find_their_names(patient: Pair) -> None:
    """Each answer stands under the name of its service, whoever answers first."""
    api, up = patient

    for _ in range(2):
        values, order = new_values(), list(NAMES)
        while any(one == other for one, other in zip(order, NAMES, strict=True)):  # nobody in the place of its own
            random.shuffle(order)
        up.answer = answering(values)
        up.close()
        asked = ask(api)
        await until(lambda: len(up.held) == len(NAMES))
        for name in order:
            up.release(only=lambda call, name=name: name_of(call) == name)
            await settle(api)
        up.open()

        await expect_page(api, await asked, values, seen=f"The services answered in this order: {', '.join(order)}.")


async def test_connections_are_reused(patient: Pair) -> None:
    """Ten dashboards, one after the other, share a few connections."""
    api, up = patient
    before = up.connections

    for _ in range(10):
        await api.get("/dashboard")

    opened = up.connections - before
    assert opened <= 15, (
        f"10 dashboards one after the other made 50 calls on {opened} new connections. A client that is made for each request or each call "
        "connects anew each time, and loads the certificates anew too: keep one for the whole service."
    )


async def test_dashboards_do_not_wait_for_each_other(service: ServiceStarter, upstream: Starter, note: Callable[[str], None]) -> None:
    """Of twelve dashboards at once all sixty calls are in flight together, or as many as FastAPI's or asyncio's own pool has threads."""
    api, up = await start(service, upstream, dict.fromkeys(NAMES, 0))
    up.answer = lambda call: Answer(json=[name_of(call), call.number])

    seen = await hold(api, up, [DASHBOARD] * 12, expected=60)

    pools = seen.seen.get("pools", {})
    if not seen.together and (seen.blocks or not (pools.get("executor_queued") or pools.get("queued"))):
        raise Red(seen.why_not_together())
    if not seen.together:
        note(f"12 dashboards had {seen.waiting} of their 60 calls in flight: the others queue for threads. On the loop all of them wait together.")
    used = Counter[int]()
    for request in seen.requests:
        if request.response is None:
            raise Red("Twelve dashboards were sent together, and not all of them were answered, although all services had answered.")
        await api.expect(200, request.response)
        page = page_of(request.response)
        for name in NAMES:
            mine = isinstance(page[name], list) and page[name][:1] == [name]
            assert mine, f"Twelve dashboards were sent together, and one says under {name}: {shown(page[name])}"
            used[page[name][1]] += 1
    assert 60 == len(used), "Twelve dashboards were sent together, and some of them show the same answer of the same call."


FAILURES = (
    ("answered 500", Answer(500, json={"error": "oops"})),
    ("answered 404", Answer(404, json={"detail": "Not Found"})),
    ("answered 302: it has moved", Answer(302, json={"moved": True}, headers={"location": "/elsewhere"})),
    ("answered 503 with a page of HTML", Answer(503, body=b"<html>down</html>", headers={"content-type": "text/html"})),
    ("answered 200 with what is no JSON", Answer(body=b"<html>hello</html>")),
    ("answered 200 with a page that is no JSON, nor even UTF-8", Answer(body="<html>olá</html>".encode("latin-1"))),
    ("answered 200 with nothing", Answer()),
    ("hung up in the middle of its answer", Answer(json=1234567890, cut=5)),
    ("hung up instead of answering", Answer(garbage=b"")),
    ("answered with what is no HTTP", Answer(garbage=b"\x00\x01\x02 what?\r\n\r\n")),
)


async def test_a_failure_is_null_and_named(patient: Pair) -> None:
    """Whatever one service does wrong, it is null and named in errors; the four others, who have answered, are shown."""
    api, up = patient
    first = random.randrange(len(NAMES))

    for number, (what, failing) in enumerate(FAILURES, first):
        name, values = NAMES[number % len(NAMES)], new_values()
        up.answer = answering({**values, name: failing})
        up.close(only=lambda call, name=name: name_of(call) == name)
        asked = ask(api)
        await until(lambda asked=asked: asked.done() or (len(up.held) == 1 and answered(up) == 4))
        await settle(api)
        up.open()
        answer = await asked

        await expect_page(api, answer, values, [name], seen=f"{name} {what}.")
        if failing.garbage is None:  # who is hung up on may ask again: some clients do so by themselves
            expect_one_call_each(up.calls, f"a dashboard of which {name} {what}")
    values = new_values()
    up.answer = answering(values)
    await expect_page(api, await api.get("/dashboard"), values, seen="After some failures all five answered again.")
    await must_stay_free(api, "One of the services failed.")


async def test_a_failure_does_not_stop_the_others(patient: Pair) -> None:
    """When one service has failed, the four others, who haven't answered yet, are waited for and shown."""
    api, up = patient

    for what, failing in (FAILURES[0], FAILURES[3], FAILURES[6]):
        name, values = random.choice(NAMES), new_values()
        up.answer = answering({**values, name: failing})
        up.close(only=lambda call, name=name: name_of(call) != name)
        asked = ask(api)
        await until(lambda asked=asked: asked.done() or (len(up.held) == 4 and answered(up) == 1))
        await settle(api)
        early = asked.done()
        up.open()
        answer = await asked

        given_up = sorted(name_of(call) for call in up.calls if call.lost)
        if given_up:
            raise Red(f"When {name} failed (it {what}), the service gave up its calls to {listed(given_up)}, who hadn't answered yet. "
                      "One failure is no reason to lose four good answers.")
        if early:
            raise Red(f"When {name} failed (it {what}), the dashboard was answered at once:\n    {answer.text[:200]}\n"
                      "The four others were on their way, and nobody waited for them.")
        await expect_page(api, answer, values, [name], seen=f"{name} {what}, and then the four others answered.")


async def test_each_dashboard_has_its_own_failures(patient: Pair) -> None:
    """Of two dashboards on their way at the same time, each names the one that failed for it, and nobody else."""
    api, up = patient
    asked, expected = [], []
    up.close()
    for name in random.sample(NAMES, 2):
        values = new_values()
        up.answer = answering({**values, name: FAILURES[0][1]})  # each call gets the answer that was there when it came
        asked.append(ask(api))
        await until(lambda: len(up.held) == len(NAMES) * len(asked))
        expected.append((name, values))
    up.open()

    for answer, (name, values) in zip(await asyncio.gather(*asked), expected, strict=True):
        await expect_page(api, answer, values, [name], seen=f"Two dashboards were on their way. For this one {name} {FAILURES[0][0]}.")


async def test_all_five_may_fail(patient: Pair) -> None:
    """When all five fail, the answer is 200 with five nulls and five names."""
    api, up = patient
    values = new_values()

    for _ in range(2):
        ways = random.sample(FAILURES, len(NAMES))
        up.answer = answering({name: failing for name, (_, failing) in zip(NAMES, ways, strict=True)})
        did = ", ".join(f"{name} {what}" for name, (what, _) in zip(NAMES, ways, strict=True))
        await expect_page(api, await api.get("/dashboard"), {}, NAMES, seen=f"All five failed: {did}.")
    # A call that failed must give back what it has borrowed: httpx opens 100 connections, and then waits for one.
    up.answer = answering(dict.fromkeys(NAMES, FAILURES[0][1]))
    for number in range(1, 25):
        seen = f"All five {FAILURES[0][0]}, {number} times. A call that fails has to give back what it has borrowed."
        await expect_page(api, await api.get("/dashboard"), {}, NAMES, seen=seen)

    up.answer = answering(values)
    await expect_page(api, await api.get("/dashboard"), values, seen="After all five had failed, they answered again.")
    await must_stay_free(api, "All five services failed.")


async def test_services_that_are_down(service: ServiceStarter, upstream: Starter) -> None:
    """While nobody listens at SERVICES_URL a dashboard has five nulls and five names; the service starts all the same."""
    values = new_values()
    up = await upstream("the five services", answering(values))
    await up.stop()
    api = await service(services_url=up.url, upstream_timeout_seconds=PATIENT)

    await expect_page(api, await api.get("/dashboard"), {}, NAMES, seen="Nobody listened at SERVICES_URL.")
    for _ in range(2):
        await up.start()
        await expect_recovery(api, values, seen="The services had been down, and were up again.")
        await up.stop()
        for _ in range(2):
            await expect_page(api, await api.get("/dashboard"), {}, NAMES, seen="The services had been up, and went down.")
    await must_stay_free(api, "The services were down.")


async def test_one_that_is_slow(patient: Pair, service: ServiceStarter, upstream: Starter) -> None:
    """A service that doesn't answer in UPSTREAM_TIMEOUT_SECONDS has failed: the dashboard is answered with the four others, the call given up."""
    waiting, never = patient
    slow, values = random.choice(NAMES), new_values()
    never.answer = answering(values)
    never.close(only=lambda call: name_of(call) == slow)
    control = ask(waiting)
    try:
        await until(lambda: len(never.held) == 1 or control.done())
        # On a machine under load even a good service may not answer in the shortest time: then once more, with a longer one.
        for timeout in (SHORT, 8 * SHORT):
            api, up = await hurried(service, upstream, timeout)
            answer = await with_one_held(api, up, slow, values, timeout)
            if answer.status_code != 200 or page_of(answer).get("errors") == [slow]:
                break
        seen = f"{slow} held its answer, the others answered at once, and UPSTREAM_TIMEOUT_SECONDS was {timeout}."
        await expect_page(api, answer, values, [slow], seen=seen)
        await expect_recovery(api, values, seen=f"{slow} had been slow, and then it answered at once.")
        await must_stay_free(api, "One of the services was slow.")

        given_up = await until(lambda: control.done() or not never.held, 0.1)
        never.open()
        assert not given_up, (
            f"Two services ran side by side, with UPSTREAM_TIMEOUT_SECONDS {timeout} and {PATIENT}, and {slow} held its answers. The one with "
            f"{PATIENT} gave up before the other one did: its time limit isn't UPSTREAM_TIMEOUT_SECONDS."
        )
        seen = f"{slow} took some time, but less than UPSTREAM_TIMEOUT_SECONDS, which was {PATIENT}."
        await expect_page(waiting, await control, values, seen=seen)
    finally:
        control.cancel()


async def with_one_held(api: Service, up: Upstream, slow: str, values: Values, timeout: float) -> httpx.Response:
    """The answer to a dashboard while ``slow`` holds its answer; raises `Red` when there is none in time, or the call goes on without it."""
    up.answer = answering(values)
    up.close(only=lambda call: name_of(call) == slow)
    asked = ask(api)
    in_time = await until(asked.done, timeout + PATIENCE)
    gave_up = in_time and await until(lambda: not up.held, 2.0)
    calls = list(up.calls)
    up.open()
    answer = await asked

    if not in_time:
        raise Red(f"{slow} held its answer, and after {timeout + PATIENCE:g} s there was no answer from /dashboard either, though "
                  f"UPSTREAM_TIMEOUT_SECONDS was {timeout}. One slow service holds up the whole page.")
    if not gave_up:
        raise Red(f"{slow} held its answer, the dashboard was answered without it, and 2 s later the call to {slow} was still open. "
                  "Calls that nobody waits for pile up, each with its connection: end them when their time is over.")
    expect_one_call_each(calls, f"a dashboard of which {slow} is slow", at_most=True)
    return answer


async def test_one_that_falls_silent(service: ServiceStarter, upstream: Starter) -> None:
    """A service that stops in the middle of its answer and says no more has failed when the time is over, as one that is slow."""
    name, values = random.choice(NAMES), new_values()
    # On a machine under load even a good service may not answer in the shortest time: then once more, with a longer one.
    for timeout in (SHORT, 8 * SHORT):
        api, up = await hurried(service, upstream, timeout)
        up.answer = answering({**values, name: Answer(json=1234567890, silent=5)})
        asked = ask(api)
        in_time = await until(asked.done, timeout + PATIENCE)
        if not in_time:
            asked.cancel()
            raise Red(f"{name} began its answer, and said no more. After {timeout + PATIENCE:g} s there was no answer from /dashboard either, though "
                      f"UPSTREAM_TIMEOUT_SECONDS was {timeout}. The time limit is for the whole answer, its body as well.")
        answer = await asked
        if answer.status_code != 200 or page_of(answer).get("errors") == [name]:
            break
    seen = f"{name} began its answer and said no more, the others answered at once, and UPSTREAM_TIMEOUT_SECONDS was {timeout}."
    await expect_page(api, answer, values, [name], seen=seen)


async def test_five_that_are_slow(service: ServiceStarter, upstream: Starter) -> None:
    """When all five are slow, their time limits run at the same time: the dashboard takes one of them, not five."""
    late: list[str] = []

    # A machine under load may pause the service between two time limits: what is seen once is looked at once more, with longer ones.
    for timeout in (SHORT, 8 * SHORT):
        api, up = await hurried(service, upstream, timeout)
        up.close()
        asked = ask(api)
        first = await until(lambda: any(call.lost for call in up.calls), timeout + PATIENCE)  # noqa: B023  # awaited here
        await until(lambda: not up.held, timeout / 2)  # noqa: B023
        late, calls = sorted(name_of(call) for call in up.held), list(up.calls)
        up.open()
        answer = await asked
        if not first or not late:
            break

    if late:
        lost = sorted(name_of(call) for call in calls if call.lost)
        raise Red(f"All five held their answers. When the time limit of {listed(lost)} was over, the calls to {listed(late)} were still waited for, "
                  "though they had begun at the same time: the time limits run one after the other, and five slow services take five of them.")
    await expect_page(api, answer, {}, NAMES, seen=f"All five held their answers, and UPSTREAM_TIMEOUT_SECONDS was {timeout}.")
    expect_one_call_each(calls, "a dashboard of which all five are slow", at_most=True)
    await expect_recovery(api, dict.fromkeys(NAMES, 0), seen="All five had been slow, and then they answered at once.")
