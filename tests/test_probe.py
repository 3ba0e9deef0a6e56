"""What the probe sees in a real host, on asyncio's loop and on uvloop's."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from dojo.burst import Burst, Observation, Request, hold_and_ping
from dojo.launch import Launcher
from dojo.subject import Red, Run, Service
from dojo.workspace import Workspace

SERVICES = Path(__file__).parent / "services"
LOOPS = ["asyncio"] if sys.platform == "win32" else ["asyncio", "uvloop"]

Starter = Callable[[str], Awaitable[Service]]


def line_of(text: str) -> int:
    """The only line of holding.py that has ``text`` in it."""
    lines = (SERVICES / "app" / "holding.py").read_text(encoding="utf-8").splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if text in line]
    return number


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """The hosts of the services below tests/services/."""
    launcher = Launcher(Workspace.at(SERVICES))
    yield Run(launcher)
    launcher.close()


@pytest_asyncio.fixture(params=LOOPS)
async def serve(run: Run, request: pytest.FixtureRequest) -> AsyncIterator[Starter]:
    """Starts one of the services: ``api = await serve("waiting")``."""
    started: list[Service] = []

    async def start(name: str) -> Service:
        api = await run.serve(f"app.{name}:app", {}, edit=(), exercise="", loop=request.param)
        started.append(api)
        return api

    yield start
    for api in started:
        await api.close()


async def spans_once(api: Service, returned: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The spans of ``api`` as soon as they are as ``returned`` wants them."""
    async with asyncio.timeout(10):
        while not returned(spans := (await api.report())["spans"]):
            await asyncio.sleep(0.01)
    return spans


def posts(path: str, count: int) -> list[Request]:
    """``count`` requests to ``path``."""
    return [Request("POST", path, {"json": {}})] * count


async def held(api: Service, path: str, count: int = 3) -> Observation:
    """``count`` requests to ``path``, held and counted; their waits are short, so all get an answer."""
    return await hold_and_ping(api, path, count, {}, wait=0.2)


# -- spans


async def test_a_response_is_complete_before_the_background_task_and_the_application_returns_after(serve: Starter) -> None:
    """A span's start, complete and returned are three moments; a background task runs between the last two."""
    api = await serve("waiting")
    await api.close_gate()

    await api.post("/background")
    [waiting] = await spans_once(api, lambda spans: bool(spans[0]["complete"]))
    async with asyncio.timeout(10):
        while not (arrived := await api.report())["arrivals"]:
            await asyncio.sleep(0.01)
    await api.open_gate()
    [done] = await spans_once(api, lambda spans: bool(spans[0]["returned"]))

    assert waiting["returned"] is None
    [task] = arrived["arrivals"]
    assert done["start"] < done["complete"] < task["arrived"] < done["returned"]
    assert (1, "POST", "/background", 200) == tuple(done[key] for key in ("number", "method", "path", "status"))


async def test_a_span_tells_thread_and_process(serve: Starter) -> None:
    """A span tells the loop's thread and the process that served the request."""
    api = await serve("waiting")
    await api.close_gate()

    answer = await api.post("/where")
    [span] = (await api.report())["spans"]

    assert answer.json() == {"thread": span["thread"], "process": span["process"]}


async def test_an_exception_is_told_with_its_line(serve: Starter) -> None:
    """The exception of a request that was answered with 500 comes with the learner's line."""
    api = await serve("waiting")

    answer = await api.post("/raises")
    with pytest.raises(Red, match=r'(?s)LookupError: of no avail.+app/waiting\.py:\d+:\s+raise LookupError\("of no avail"\)'):
        await api.expect(200, answer)


# -- counting what waits


async def test_an_exception_is_told_after_the_judge_began_to_look_anew(serve: Starter) -> None:
    """What the probe forgets when a new look begins is not with which exception a request has ended."""
    api = await serve("waiting")
    answer = await api.post("/raises")

    await api.watch(False)

    with pytest.raises(Red, match="LookupError: of no avail"):
        await api.expect(200, answer)


@pytest.mark.parametrize(("path", "place"), [("/pool", "pool"), ("/executor", "pool"), ("/loop", "loop")])
async def test_waits_are_counted_where_they_wait(serve: Starter, path: str, place: str) -> None:
    """Sleeps on threads of a pool and on the loop are held together, and /health answers meanwhile."""
    api = await serve("waiting")

    seen = await held(api, path, 5)

    assert 5 == seen.waiting
    assert {place} == seen.places
    assert seen.together
    assert seen.health
    assert [] == seen.blocks
    assert seen.answered


async def test_a_lock_lets_one_wait(serve: Starter) -> None:
    """Requests that queue for a lock are seen where they queue."""
    api = await serve("waiting")

    seen = await held(api, "/lock")

    assert 1 == seen.waiting
    assert not seen.together
    assert "2 stood at app/waiting.py" in seen.why_not_together()


# -- proofs of a held loop


async def test_a_sleep_on_the_loop_is_proven_by_identity(serve: Starter) -> None:
    """time.sleep on the loop needs no clock: it is entered on the loop's own thread."""
    api = await serve("holding")

    seen = await held(api, "/sleep")

    block = seen.blocks[0]
    assert ("identity", line_of("    time.sleep(0.2)")) == (block["proof"], block["place"]["line"])
    assert 1 == seen.waiting
    assert {"blocking"} == seen.places
    assert seen.health is False
    assert seen.answered


async def test_a_loop_that_waits_for_a_held_thread_is_proven(serve: Starter) -> None:
    """future.result() on the loop is named, not the line of the thread that it waits for."""
    api = await serve("holding")

    seen = await held(api, "/result")

    assert seen.blocks
    assert {"stuck", "clock"} >= {block["proof"] for block in seen.blocks}
    assert {line_of("pool.submit(time.sleep, 0.2).result()")} == {block["place"]["line"] for block in seen.blocks}
    assert not any(block["computing"] for block in seen.blocks)


@pytest.mark.parametrize(("path", "lines", "computing"), [
    ("/compute", ("    compute(0.12)",), True),
    ("/own-loop", ("    while number < 4_000_000:", "        number += 1"), True),
    ("/keeps-the-gil", ("    sum(range(12_000_000))",), True),
    ("/event", ("    threading.Event().wait(0.25)",), False),
])
async def test_what_no_gate_knows_is_proven_by_the_clock(serve: Starter, path: str, lines: tuple[str, ...], computing: bool) -> None:
    """Computing, C code that keeps the GIL, and other waits are timed, and their line is named."""
    api = await serve("holding")

    seen = await held(api, path)

    [block] = [block for block in seen.after["blocks"] if block["proof"] == "clock"]
    assert block in seen.blocks
    assert block["times"] >= 2
    assert block["place"]["line"] in {line_of(line) for line in lines} | ({line_of("    while time.thread_time() < end:")} if path == "/compute" else set())  # noqa: E501
    assert block["computing"] is computing


@pytest.mark.parametrize("path", ["/compute", "/event"])
async def test_a_single_slow_call_is_no_proof(serve: Starter, path: str) -> None:
    """What rests on the clock alone counts when it was seen twice; it is noted the first time."""
    api = await serve("holding")

    seen = await held(api, path, 1)

    assert [("clock", 1)] == [(block["proof"], block["times"]) for block in seen.after["blocks"]]
    assert [] == seen.blocks


async def test_short_work_between_awaits_is_not_flagged(serve: Starter) -> None:
    """Twice 10 ms of CPU time in an endpoint that awaits its wait is legitimate, however often."""
    api = await serve("holding")

    seen = await held(api, "/legitimate", 8)

    assert [] == seen.blocks
    assert seen.together
    assert seen.health


async def test_an_endless_loop_is_named_while_it_runs(serve: Starter) -> None:
    """A line that never lets the loop go is named although it never ends."""
    api = await serve("holding")

    seen = await hold_and_ping(api, "/endless", 3, {}, wait=0.2, to_the_end=False)

    [block] = seen.blocks
    assert ("stuck", line_of("while True: pass"), True) == (block["proof"], block["place"]["line"], block["computing"])
    assert seen.health is False
    with pytest.raises(Red, match=rf"app/holding\.py:{line_of('while True: pass')}, computing"):
        await api.get("/health", patience=0.3)


async def test_a_line_of_brackets_is_told_with_its_statement(serve: Starter) -> None:
    """In a statement of several lines the text that is shown says what is done there."""
    api = await serve("holding")

    seen = await held(api, "/many-lines")

    assert seen.blocks
    assert ".submit(time.sleep, 0.2) .result()" in seen.blocks[0]["place"]["text"]


# -- rounds


async def test_requests_that_wait_together_are_one_round(serve: Starter) -> None:
    """Three requests that wait together go in one round, and the next one waits for its own."""
    api = await serve("waiting")
    await api.close_gate()

    burst = Burst(api, posts("/loop", 3))
    await api.gather(3)
    first = await api.release()
    assert await burst.finish(10)
    late = Burst(api, posts("/loop", 1))
    after = await api.gather(4)
    await api.open_gate()

    assert 3 == first
    assert [3] == after["rounds"]
    assert [4] == [arrival["request"] for arrival in after["held"]]
    assert await late.finish(10)


async def test_requests_behind_a_lock_are_a_round_each(serve: Starter) -> None:
    """Three requests that queue for a lock take three rounds."""
    api = await serve("waiting")
    await api.close_gate()

    burst = Burst(api, posts("/lock", 3))
    released = []
    for number in (1, 2, 3):
        await api.gather(number)
        released.append(await api.release())

    assert [1, 1, 1] == released
    assert await burst.finish(10)
    assert [1, 1, 1] == (await api.report())["rounds"]


@pytest.mark.parametrize("path", ["/pool", "/loop"])
async def test_a_held_sleep_is_never_shorter_than_asked(serve: Starter, path: str) -> None:
    """A sleep that is let go at once still takes its time, and one that was held for longer goes on."""
    api = await serve("waiting")
    await api.close_gate()

    burst = Burst(api, posts(path, 3))
    await api.gather(3)
    await api.release()
    assert await burst.finish(10)

    for request in burst.requests:
        assert request.response is not None
        assert request.response.json() >= 0.99 * 0.15  # uvloop's own timers may be a millisecond early


async def test_sleeps_outside_of_requests_are_never_held(serve: Starter) -> None:
    """A task and a thread that the start-up began go on, as does uvicorn's own tick, and nobody counts them."""
    api = await serve("waiting")
    await api.close_gate()

    burst = Burst(api, posts("/loop", 2))
    seen = await api.gather(2)
    before = (await api.get("/ticks")).json()
    async with asyncio.timeout(10):
        while not all(count > before[name] + 2 for name, count in (await api.get("/ticks")).json().items()):
            await asyncio.sleep(0.01)
    report = await api.report()
    await api.open_gate()

    assert [1, 2] == sorted(arrival["request"] for arrival in seen["held"])
    assert 2 == len(report["arrivals"])
    assert await burst.finish(10)


async def test_a_task_of_the_lifespan_that_sleeps_on_the_loop_is_seen(serve: Starter) -> None:
    """It holds up everybody like a request that does; a sleep while the service starts holds up nobody."""
    api = await serve("napping")
    assert not (await api.report())["blocks"]

    for _ in range(3):
        await api.post("/nap?seconds=0.05")

    [block] = (await api.report())["blocks"]
    assert "identity" == block["proof"]
    assert "time.sleep(await asked.get())" in block["place"]["text"]
    assert 0.14 <= block["seconds"] <= 0.16
