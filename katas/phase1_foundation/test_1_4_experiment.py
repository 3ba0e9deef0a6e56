"""1.4 · burst() sends all requests at once and measures them truly; verdict() tells together from in turn."""

import asyncio
import json
import random
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dojo.kata import Functions, Inconclusive, Red, Service, ServiceStarter, Upstream, beside, exercise, new, plural, quoted, where
from katas.phase1_foundation.clocks import LoopClock
from katas.phase1_foundation.strategies import quick

pytestmark = exercise("1.4", edit="app/experiment.py")

SERVICE = beside(__file__, "_experiment_services.py", "app")
BURST = "app.experiment:burst"
ON_A_HELD_CLOCK = beside(__file__, "_held_clock.py", "burst")
TO_NOBODY = beside(__file__, "_held_clock.py", "burst_to_nobody")
PAYLOAD = {"feature_1": 0.5, "feature_2": -1.5}
#: Much of it Python writes in another way than JSON does, and no model of the service's takes it.
ANY_PAYLOAD = {
    **PAYLOAD, "whose": "the user's", "quoted": 'a "word"', "answered": True, "late": False, "note": None, "nested": [[1, 2.5], {"more": []}],
}
#: More than asyncio's default executor ever has threads (32), and than FastAPI's pool; httpx opens 100 connections by itself.
MANY = range(60, 96)
#: A client may treat few requests in another way than many.
FEW = range(6, 12)
#: A slow service by the clock of burst()'s loop, which is within httpx's 5 seconds.
SLOW = 4.0
#: For so long by that clock nobody answers: longer than any time limit that a client sets itself.
AN_HOUR = 3600.0
#: These only end a hang. So often a client that has sent nothing is found idle; for so many seconds it may be at work.
IDLE_LOOKS, STILL_SENDING = 20, 45.0


def made(wall_seconds: float, latencies_seconds: list[float]) -> dict[str, Any]:
    """A Burst of the learner's class."""
    return new("app.experiment:Burst", wall_seconds=wall_seconds, latencies_seconds=latencies_seconds)


def remade(burst: dict[str, Any]) -> dict[str, Any]:
    """A Burst that the learner's burst() returned, to be passed on."""
    return made(burst["wall_seconds"], burst["latencies_seconds"])


async def run_burst(learner: Functions, url: str, n: int, payload: dict[str, Any] = PAYLOAD) -> tuple[dict[str, Any], float]:
    """What the learner's burst() returned, and the seconds for which the call lasted."""
    started = time.perf_counter()
    burst = await learner.call(BURST, url, n, payload)
    elapsed = time.perf_counter() - started
    if not isinstance(burst, dict) or not {"wall_seconds", "latencies_seconds"} <= burst.keys():
        raise Red(f"burst() returned {burst!r:.100}, not a Burst(wall_seconds, latencies_seconds).")
    return burst, elapsed


async def first_of(call: asyncio.Task[Any], other: Awaitable[Any], instead: Callable[[], Awaitable[Any]]) -> Any:
    """The result of ``other``; that of ``instead()`` should ``call`` end first, or its exception."""
    waiting = asyncio.ensure_future(other)
    await asyncio.wait({call, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not call.done():
        return await waiting
    waiting.cancel()
    call.result()
    return await instead()


async def arrived(api: Service, call: asyncio.Task[Any], clock: LoopClock, n: int) -> int:
    """How many of ``n`` requests have come before nobody else comes.

    The clock of their loop stands still. As long as none has come it is put forward from timer to
    timer, for a client that waits a moment before it begins; no longer, once one has.
    """
    began = time.perf_counter()
    held, quiet_at, idle = 0, -1, 0
    while time.perf_counter() - began < STILL_SENDING and idle < IDLE_LOOKS:
        seen = await first_of(call, api.gather(n, patience=6.0 if held else 0.3, strangers=True), api.report)
        held = len(seen["held"])
        if held >= n or call.done() or (seen.get("quiet") and held == quiet_at):
            break
        # Nobody new for a while; that is believed when it is seen twice, as a busy machine makes pauses.
        quiet_at = held if seen.get("quiet") else -1
        if not held:
            idle += await clock.to_the_next_timer()
    return held


@pytest.mark.parametrize("some", [MANY, FEW], ids=["many", "few"])
async def test_all_requests_are_sent_at_once(service: ServiceStarter, learner: Functions, some: range) -> None:
    """All requests are on their way before the first answer comes back, and a slow answer is waited for."""
    n = random.choice(some)
    api = await service(app=SERVICE, wait=0.05)
    await learner.value("app.experiment:__name__")  # the import doesn't count
    await api.close_gate(arm=False)
    async with LoopClock() as clock:
        call = asyncio.create_task(learner.call(ON_A_HELD_CLOCK, f"{api.url}/together", n, PAYLOAD, clock.port, patience=STILL_SENDING + 15))
        try:
            held = await arrived(api, call, clock, n)
            assert held > 0, "No request came at all."
            standing = [] if held >= n else await learner.standing()
            stands = "".join(f"\n{place['count']} stood at {where(place)}:{quoted(place)}" for place in standing[:2])
            assert held >= n, (
                f"burst() was asked for {n} requests. This service answers none before all have arrived: "
                f"{plural(held, 'request')} came, and then no more.\n"
                + ("The second is sent only after the answer to the first, or after a pause: awaiting inside a loop makes a queue "
                   "of it, and every service looks sequential." if held == 1 else
                   f"Something in the client lets only {held} out at a time: a limit of connections, a semaphore, or a pool of threads.")
                + stands + "\nThe clock of burst()'s event loop stands still here: what waits for a timer is not on its way."
            )
            await clock.leap(SLOW)
            await api.open_gate()
            await asyncio.wait({call})
            gone = sum(entry["gone"] for entry in (await api.get("/received")).json())
            assert not gone, (
                f"burst() gave up. All {n} requests were on their way to a slow service; after {SLOW:g} s, by the clock of "
                f"burst()'s event loop, {gone} of them had closed their connection and did not wait for the answer.\n"
                "A slow service is what an experiment has to measure, not an error: look for the client's time limit.\n"
                + (str(call.exception() or "") if not call.cancelled() else "")
            )
            call.result()
        finally:
            await api.open_gate()
            call.cancel()


async def test_it_sends_what_it_was_given(service: ServiceStarter, learner: Functions) -> None:
    """burst(url, n, payload) sends exactly n POST requests whose body is the payload as JSON, whatever that holds."""
    api = await service(app=SERVICE, wait=0.01)
    n = 7
    payload = {**ANY_PAYLOAD, f"field_{random.randint(100, 999)}": random.uniform(-9, 9)}
    # As text, since True is 1 to Python, and isn't to whoever reads the JSON.
    meant = json.dumps(payload, sort_keys=True)

    await run_burst(learner, f"{api.url}/together", n, payload)

    received = (await api.get("/received")).json()
    assert n == len(received), f"burst(url, {n}, payload) sent {plural(len(received), 'request')}, not {n}: each of them is counted."
    for request in received:
        assert "POST" == request["method"], f"It sent {request['method']}, not POST."
        try:
            sent = json.dumps(json.loads(request["body"]), sort_keys=True)
        except ValueError:
            sent = "no JSON"
        assert sent == meant, f"It sent the body {request['body']!r:.240}, which isn't the payload as JSON: {json.dumps(payload)}"
        assert "json" in request["type"], f"It sent the body as {request['type'] or 'nothing'}, not as application/json."


async def test_its_times_are_true(service: ServiceStarter, learner: Functions) -> None:
    """Each latency is one request's own time, and wall_seconds is the time of the whole burst."""
    n = 5
    # What rests on a clock alone is asked twice: the second time it has to be off by a second.
    for wait in (0.03, 0.2):
        api = await service(app=SERVICE, wait=wait)
        await learner.value("app.experiment:__name__")
        burst, elapsed = await run_burst(learner, f"{api.url}/staggered", n)
        wall, latencies = burst["wall_seconds"], sorted(burst["latencies_seconds"])
        spans = await complete(api, "/staggered")
        served = sorted(span["complete"] - span["start"] for span in spans)
        whole = max(span["complete"] for span in spans) - min(span["start"] for span in spans)
        shown = f"\nIts latencies: {', '.join(f'{x:.3f}' for x in latencies)} s; wall_seconds: {wall:.3f} s.\n"
        by_service = f"The service was busy with them for {', '.join(f'{x:.3f}' for x in served)} s, from the first to the last {whole:.3f} s."

        assert n == len(latencies), f"A burst of {n} has {n} latencies, not {len(latencies)}."
        assert latencies[-1] <= 1.02 * elapsed, (
            f"A latency of {latencies[-1]:.3f} s is longer than the {elapsed:.3f} s for which burst() ran: it is the time from the sending "
            f"of one request to its answer, in seconds.{shown}"
        )
        for mine, its in zip(latencies, served, strict=True):
            assert mine >= 0.98 * its, (
                f"A latency of {mine:.3f} s is shorter than the {its:.3f} s for which the service was busy with that request.{shown}{by_service}"
            )
        assert wall >= 0.98 * whole, (
            "wall_seconds is shorter than the burst: the clock has to start before the first request, and stop after the last answer."
            f"{shown}{by_service}"
        )
        assert wall <= 1.02 * elapsed, (
            f"wall_seconds is longer than the {elapsed:.3f} s for which burst() ran: latencies that overlap can't be added up.{shown}"
        )
        # What a client needs for itself is added to all of them, so it is their spread that tells.
        if latencies[-1] - latencies[0] >= 0.5 * (served[-1] - served[0]):
            return
    raise Red(
        f"The service was busy with the quickest request for {served[0]:.3f} s and with the slowest for {served[-1]:.3f} s, "
        f"but the latencies are nearly the same: they aren't each request's own.{shown}{by_service}"
    )


async def complete(api: Service, path: str) -> list[dict[str, Any]]:
    """The service's record of the requests to ``path``, once it is done with them: a client may have its answer before that."""
    began = time.perf_counter()
    while True:
        spans = [span for span in (await api.report())["spans"] if span["path"] == path]
        if spans and all(span["complete"] is not None and span["returned"] is not None for span in spans):
            return spans
        if time.perf_counter() - began > 5.0:
            raise Inconclusive("the service has answered, and is not done after five more seconds")
        await asyncio.sleep(0.01)


async def test_what_got_no_answer_is_not_counted(learner: Functions, upstream: Callable[..., Awaitable[Upstream]]) -> None:
    """A request that gets no answer has no latency: burst() raises an exception, or leaves it out."""
    n = 5
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens

        async with LoopClock() as clock:
            latencies = await learner.call(TO_NOBODY, f"http://127.0.0.1:{taken.getsockname()[1]}/together", n, PAYLOAD, clock.port)

    assert not latencies, (
        f"Nobody listens at the URL, and burst() returned times for {plural(len(latencies), 'request')} all the same.\n"
        "The time until an error is no time until an answer: such a service would look quick. Let the exception through."
    )
    mute = await upstream("the service that never answers")
    mute.close()
    async with LoopClock() as clock:
        call = asyncio.create_task(learner.call(TO_NOBODY, f"{mute.url}/together", n, PAYLOAD, clock.port))
        sent = asyncio.gather(clock.held(), mute.arrived(n))
        await asyncio.wait({call, sent}, return_when=asyncio.FIRST_COMPLETED)
        sent.cancel()
        # A time limit of its own ends a request now, and the end of the connection whatever has none.
        await clock.leap(AN_HOUR)
        await mute.stop()
        latencies = await call

    assert not latencies, (
        f"A service took {n} requests and answered none. An hour went by on the clock of burst()'s event loop, the service hung up, and "
        f"burst() returned times for {plural(len(latencies), 'request')}: {', '.join(f'{x:.3f}' for x in latencies)} s.\n"
        "How long a client waits before it gives up says nothing of the service. Let the exception through, or leave the request out."
    )


@st.composite
def bursts(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], str]:
    """A burst of one and one of many to the same service, and what that service is."""
    one = draw(st.floats(0.001, 10.0))
    n = draw(st.integers(5, 60))
    noise = [draw(st.floats(1.0, 1.3)) for _ in range(n)]
    if draw(st.booleans()):
        latencies = [one * x for x in noise]
        kind = "concurrent"
    else:
        total, latencies = 0.0, []
        for x in noise:
            total += one * (0.8 + 0.25 * x)
            latencies.append(total)
        kind = "sequential"
    return made(1.01 * one, [one]), made(1.01 * max(latencies), latencies), kind


@quick
@given(case=bursts())
@example((made(0.101, [0.1]), made(0.81, [0.1 * i for i in range(1, 9)]), "sequential"))
@example((made(3.0, [3.0]), made(3.1, [3.0, 3.1, 3.05, 3.0, 3.02]), "concurrent"))
@example((made(0.002, [0.002]), made(0.01, [0.002 * i for i in range(1, 6)]), "sequential"))
async def test_the_verdict_holds_for_any_service(learner: Functions, case: tuple[dict[str, Any], dict[str, Any], str]) -> None:
    """verdict() is right for services fast and slow, with few requests and many."""
    one, many, kind = case

    said = await learner.call("app.experiment:verdict", one, many)

    n = len(many["fields"]["latencies_seconds"])
    assert kind == said, (
        f"One request took {one['fields']['wall_seconds']:.3f} s, {n} at once took {many['fields']['wall_seconds']:.3f} s: "
        f"that service is {kind}, and verdict() said {said!r}.\n"
        "In turn, n requests take n times as long as one; together, about as long as one. Compare the two: "
        "a number of seconds that fits one service is wrong for the next."
    )


@pytest.mark.parametrize(("path", "kind"), [("/together", "concurrent"), ("/in-turn", "sequential")])
async def test_both_together_judge_a_real_service(service: ServiceStarter, learner: Functions, path: str, kind: str) -> None:
    """burst() and verdict() recognize a service that works on all requests together, and one that works in turn."""
    # The longer the wait, the less it matters how long a busy machine takes for the rest.
    for wait in (0.05, 0.2, 0.9):
        api: Service = await service(app=SERVICE, wait=wait)
        await learner.value("app.experiment:__name__")  # the import doesn't count
        one, _ = await run_burst(learner, api.url + path, 1)
        many, _ = await run_burst(learner, api.url + path, 6)
        ratio = many["wall_seconds"] / one["wall_seconds"]
        said = await learner.call("app.experiment:verdict", remade(one), remade(many))
        if said == kind:
            return
        clear = ratio < 1.5 if kind == "concurrent" else ratio > 4.0
        assert not clear, (
            f"The service is {kind}: one request took {one['wall_seconds']:.3f} s, six took {many['wall_seconds']:.3f} s. verdict() said {said!r}."
        )
    raise Inconclusive(f"the machine is too busy: six requests at once took {ratio:.1f} times as long as one")
