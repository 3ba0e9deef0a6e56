"""1.4 · burst() sends all requests at once and measures them truly; verdict() tells together from in turn."""

import asyncio
import json
import time
from collections.abc import Awaitable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dojo.kata import Functions, Inconclusive, Red, Service, ServiceStarter, beside, exercise, new, plural, quoted, where
from katas.phase1_foundation.strategies import quick

pytestmark = exercise("1.4", edit="app/experiment.py")

SERVICE = beside(__file__, "_experiment_services.py", "app")
PAYLOAD = {"feature_1": 0.5, "feature_2": -1.5}
#: More than asyncio's default executor ever has threads (32), fewer than httpx's 100 connections.
MANY = 40


def made(wall_seconds: float, latencies_seconds: list[float]) -> dict[str, Any]:
    """A Burst of the learner's class."""
    return new("app.experiment:Burst", wall_seconds=wall_seconds, latencies_seconds=latencies_seconds)


def remade(burst: dict[str, Any]) -> dict[str, Any]:
    """A Burst that the learner's burst() returned, to be passed on."""
    return made(burst["wall_seconds"], burst["latencies_seconds"])


async def run_burst(learner: Functions, url: str, n: int) -> tuple[dict[str, Any], float]:
    """What the learner's burst() returned, and the seconds for which the call lasted."""
    started = time.perf_counter()
    burst = await learner.call("app.experiment:burst", url, n, PAYLOAD)
    elapsed = time.perf_counter() - started
    if not isinstance(burst, dict) or not {"wall_seconds", "latencies_seconds"} <= burst.keys():
        raise Red(f"burst() returned {burst!r:.100}, not a Burst(wall_seconds, latencies_seconds).")
    return burst, elapsed


async def first_of(call: asyncio.Task[Any], other: Awaitable[Any]) -> Any:
    """The result of ``other``; an exception of ``call``, should that end first with one."""
    waiting = asyncio.ensure_future(other)
    await asyncio.wait({call, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if call.done() and call.exception() is not None:
        waiting.cancel()
        call.result()
    return await waiting


async def test_all_requests_are_sent_at_once(service: ServiceStarter, learner: Functions) -> None:
    """All requests are on their way before the first answer comes back."""
    api = await service(app=SERVICE, wait=0.05)
    await learner.value("app.experiment:__name__")  # the import doesn't count
    await api.close_gate(arm=False)
    call = asyncio.create_task(run_burst(learner, f"{api.url}/together", MANY))
    try:
        seen = await first_of(call, api.gather(MANY, strangers=True))
        held = len(seen["held"])
        assert held > 0, "No request came at all."
        standing = [] if held >= MANY else await learner.standing()
        stands = "".join(f"\n{place['count']} stood at {where(place)}:{quoted(place)}" for place in standing[:2])
        assert held >= MANY, (
            f"burst() was asked for {MANY} requests. This service answers none before all have arrived: "
            f"{plural(held, 'request')} came, and then no more.\n"
            + ("The second is sent only after the answer to the first: awaiting inside a loop makes a queue of it, "
               "and every service looks sequential." if held == 1 else
               f"Something in the client lets only {held} out at a time: a limit of connections, a semaphore, or a pool of threads.") + stands
        )
    finally:
        await api.open_gate()
        await asyncio.wait({call}, timeout=12)
        call.cancel()


async def test_it_sends_what_it_was_given(service: ServiceStarter, learner: Functions) -> None:
    """burst(url, n, payload) sends exactly n POST requests whose body is the payload as JSON."""
    api = await service(app=SERVICE, wait=0.01)
    n = 7

    await run_burst(learner, f"{api.url}/together", n)

    received = (await api.get("/received")).json()
    assert n == len(received), f"burst(url, {n}, payload) sent {plural(len(received), 'request')}, not {n}: each of them is counted."
    for request in received:
        assert "POST" == request["method"], f"It sent {request['method']}, not POST."
        try:
            sent = json.loads(request["body"])
        except ValueError:
            sent = None
        assert sent == PAYLOAD, f"It sent the body {request['body']!r:.80}, which isn't the payload as JSON: {json.dumps(PAYLOAD)}"
        assert "json" in request["type"], f"It sent the body as {request['type'] or 'nothing'}, not as application/json."


async def test_its_times_are_true(service: ServiceStarter, learner: Functions) -> None:
    """Each latency is one request's own time, and wall_seconds is the time of the whole burst."""
    n, wait = 5, 0.04
    for attempt in (1, 2):
        api = await service(app=SERVICE, wait=wait)
        await learner.value("app.experiment:__name__")
        burst, elapsed = await run_burst(learner, f"{api.url}/staggered", n)
        wall, latencies = burst["wall_seconds"], sorted(burst["latencies_seconds"])
        spans = [s for s in (await api.report())["spans"] if s["path"] == "/staggered"]
        served = sorted(span["complete"] - span["start"] for span in spans)
        whole = max(span["complete"] for span in spans) - min(span["start"] for span in spans)
        shown = f"\nIts latencies: {', '.join(f'{x:.3f}' for x in latencies)} s; wall_seconds: {wall:.3f} s.\n"
        by_service = f"The service was busy with them for {', '.join(f'{x:.3f}' for x in served)} s, from the first to the last {whole:.3f} s."

        assert n == len(latencies), f"A burst of {n} has {n} latencies, not {len(latencies)}."
        for mine, its in zip(latencies, served, strict=True):
            assert mine >= 0.98 * its, (
                f"A latency of {mine:.3f} s is shorter than the {its:.3f} s for which the service was busy with that request.{shown}{by_service}"
            )
        assert wall >= 0.98 * whole, f"wall_seconds is shorter than the burst: the clock has to start before the first request.{shown}{by_service}"
        assert wall <= 1.02 * elapsed, (
            f"wall_seconds is longer than the {elapsed:.3f} s for which burst() ran: latencies that overlap can't be added up.{shown}"
        )
        # The quickest was served in an eighth of the time of the slowest; a clock alone is asked twice.
        if latencies[0] < 0.5 * served[-1]:
            return
        assert attempt == 1, (
            f"The quickest request was served in {served[0]:.3f} s, but no latency is shorter than {latencies[0]:.3f} s: "
            f"they aren't each request's own.{shown}{by_service}"
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
    api: Service = await service(app=SERVICE, wait=0.1)
    await learner.value("app.experiment:__name__")  # the import doesn't count

    for _ in range(3):
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
