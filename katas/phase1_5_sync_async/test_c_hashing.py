"""C · Hashes are computed by other processes, as many at once as there are, and the event loop stays free."""

import asyncio
import itertools
import json
import os
import secrets
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from dojo.kata import (
    Burst,
    Call,
    Functions,
    Held,
    Meeting,
    Red,
    Request,
    Service,
    ServiceStarter,
    alone,
    beside,
    exercise,
    hold,
    listed,
    overlay,
    quoted,
    where,
)
from katas.phase1_5_sync_async.the_loop import must_stay_free

pytestmark = exercise("C", edit="app/routers/hashing.py")

#: How many processes the katas ask for; the second is none that a machine has as its number of CPUs.
TWO = 2
MORE = 3 if os.cpu_count() != 3 else 4
#: So often are two hashed at once.
TIMES = 4
#: Seconds that end a hang.
PATIENCE = 10.0

#: The other routers are left out: a process that is forked has whatever locks their threads held just then.
ALONE = alone("hashing")

WHY_PROCESSES = (
    "slow_hash is Python code: it holds the GIL while it computes, so threads of one process only take turns, the event loop's among them."
)


def new_text(kind: str) -> str:
    """A text that no request has had before."""
    return f"{kind} {next(_numbers)}"


_numbers = itertools.count(1)


def asking(kind: str, count: int) -> list[Request]:
    """Requests for the hashes of so many new texts."""
    return [Request("POST", "/hash", {"json": {"data": new_text(kind)}}) for _ in range(count)]


def stood_in(data: str) -> str:
    """What the stand-in for ``slow_hash`` returns."""
    return f"{zlib.crc32(data.encode()):016x}"


@dataclass
class Hashing:
    """The service, whose slow_hash stops at the judge's gate; ``own`` is its own process."""

    api: Service
    gate: Meeting
    own: int

    async def post(self, data: str, expected: int = 200, why: str = "") -> str:
        """The answer's body; raises `Red` with ``why`` it matters unless the status is the expected one."""
        answer = await self.api.post("/hash", json={"data": data}, patience=PATIENCE)
        await self.api.expect(expected, answer, why)
        return answer.text

    async def crash(self) -> None:
        """Has a text hashed that crashes the process that hashes it; raises `Red` unless the answer is 500."""
        text = new_text("crash")
        try:
            await self.post(text, 500, WHY_500)
        except Red:
            tried = pids([call for call in self.gate.calls if call.values[0] == text])
            if self.own in tried[1:]:
                raise Red("A text that had crashed a worker was hashed once more, by the service's own process, which crashed as well. "
                          "What crashes one process may crash the next.") from None
            if self.own in tried:
                raise Red("A text was hashed by the service's own process, and not by a worker, as those before a worker had crashed. "
                          "It was one that crashes whoever hashes it, and the service is gone.") from None
            raise

    async def hold(self, count: int, expected: int | None = None) -> Held:
        """Holds ``count`` requests at the gate."""
        return await hold(self.api, self.gate, asking("held", count), expected=expected)

    async def at_rest(self) -> None:
        """Returns when none of the service's processes starts up or computes any more, or after a while."""
        before, work = -1, 0
        until = time.perf_counter() + 2.0
        while before != work and time.perf_counter() < until:
            before, work = work, (await self.api.report()).get("children", 0)
            await asyncio.sleep(0.06)


def pids(calls: list[Call]) -> list[int]:
    """The processes in which ``calls`` were made, each once."""
    return list(dict.fromkeys(call.details["process"] for call in calls))


def word(call: Call) -> str:
    """What becomes of a call: its text says it."""
    return next((word for word in ("crash", "raise") if word in call.values[0]), "go")


async def stood(service: ServiceStarter, processes: int) -> AsyncIterator[Hashing]:
    """The service with a stand-in for app/work.py; one text has been hashed."""
    gate = await Meeting("the given slow_hash").start()
    gate.word = word
    try:
        stand_in = overlay(Path(__file__).with_name("_work.py"), "app/work.py")
        api = await service(**gate.env, pool_processes=processes, options={"overlay": stand_in | ALONE})
        hashing = Hashing(api, gate, (await api.report())["process"])
        await hashing.post(new_text("first"))
        yield hashing
    finally:  # also when the first text is answered with an error
        await gate.stop()


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hashing(lasting_service: ServiceStarter) -> AsyncIterator[Hashing]:
    """A service with two processes, which most tests share."""
    async for each in stood(lasting_service, TWO):
        yield each


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def larger(lasting_service: ServiceStarter) -> AsyncIterator[Hashing]:
    """A service with more processes."""
    async for each in stood(lasting_service, MORE):
        yield each


async def test_a_text_is_hashed(service: ServiceStarter, reference: Functions) -> None:
    """POST /hash answers 200 with the hash of the text by the given slow_hash, and the name of the algorithm."""
    api = await service(pool_processes=TWO, options={"overlay": ALONE})
    data = f"any text: {secrets.token_hex(8)}"
    algorithm = await reference.value("app.work:ALGORITHM")

    answer, expected = await asyncio.gather(
        api.post("/hash", json={"data": data}, patience=PATIENCE), reference.call("app.work:slow_hash", data),
    )

    await api.expect(200, answer)
    assert {"hash": expected, "algorithm": algorithm} == answer.json(), (
        f"For the text {data!r} the given slow_hash says {expected!r} and ALGORITHM is {algorithm!r}; the answer was\n    {answer.text[:200]}"
    )


async def test_what_is_no_text_is_refused(hashing: Hashing) -> None:
    """A body without a text in `data` is a 422."""
    for body in ({}, {"data": None}, {"data": 5}, {"data": ["a"]}, {"text": "a"}, ["a"], "a"):
        answer = await hashing.api.post("/hash", json=body)

        await hashing.api.expect(422, answer, why=f"The body was {body!r}. FastAPI does this by itself for a model whose field `data` is a str.")


async def test_each_text_is_hashed(hashing: Hashing) -> None:
    """Every text is hashed as it came, by the given slow_hash."""
    for data in ("", "a", "A", " spaced  out\n", "naïve ☕", "nul\0 and \"quotes\"", "x" * 20_000, secrets.token_hex(8)):
        before = len(hashing.gate.calls)
        seen = json.loads(await hashing.post(data)).get("hash")

        shown = repr(data) if len(data) < 50 else f"{data[:20]!r}… of {len(data)} characters"
        assert len(hashing.gate.calls) > before or seen == stood_in(data), (
            f"For the text {shown} slow_hash was not called: the answer {seen!r} comes from elsewhere. In this test app/work.py is "
            "another one, and only its slow_hash knows the hashes."
        )
        assert stood_in(data) == seen, f"For the text {shown} slow_hash was expected to say {stood_in(data)!r}; the answer was {seen!r}."


async def test_it_runs_in_another_process(hashing: Hashing) -> None:
    """slow_hash runs outside of the service's own process, for the first text and for the longest as for any other."""
    await hashing.post("x" * 20_000 + new_text("long"))
    before = list(hashing.gate.calls)  # of the first text and of this one, and of those of the tests before
    at_home = [call.values[0] for call in before if call.details["process"] == hashing.own]
    for _ in range(3):
        seen = await hashing.hold(1)

        if hashing.own in pids(seen.in_flight):
            for _ in range(3):  # one more is waited for, so that it is seen where this one stands, which takes a moment
                seen = await hashing.hold(1, expected=2)
                if seen.blocks or seen.seen.get("standing"):
                    break
            raise Red(f"{ran_at_home(seen)}\n\n{WHY_PROCESSES} Another process has a GIL of its own.")
    if at_home:
        shown = repr(at_home[0]) if len(at_home[0]) < 50 else f"{at_home[0][:20]!r}…, a long one"
        raise Red(f"Of {len(before)} texts {len(at_home)} were hashed in the service's own process, such as {shown}. The others went "
                  f"to other processes.\n\n{WHY_PROCESSES}")


def ran_at_home(seen: Held) -> str:
    """Where in the service's own process slow_hash ran."""
    call = seen.in_flight[0]
    if call.details["thread"] == seen.seen.get("loop_thread"):
        place, thread = next((block["place"] for block in seen.blocks), None), "the event loop's own thread"
    else:
        place, thread = next(iter(seen.seen.get("standing", ())), None), f"a thread ({call.details['thread_name']})"
    return f"slow_hash ran in the service's own process, on {thread}, called at {where(place)}:{quoted(place)}"


async def test_workers_are_reused(hashing: Hashing) -> None:
    """Eight requests, one after the other, share a few processes."""
    hashing.gate.close(lambda call: False)

    for _ in range(8):
        await hashing.post(new_text("text"))

    used = pids(hashing.gate.calls)
    assert len(used) <= 2 * TWO, (
        f"8 requests one after the other ran in {len(used)} processes, though POOL_PROCESSES was {TWO}. A process has to start an interpreter and to "
        "import your code before it can compute anything: keep a few, and give them one text after the other."
    )


async def test_two_run_at_once(hashing: Hashing) -> None:
    """With two processes two texts are hashed at the same time, one in each, and /health answers meanwhile."""
    for _ in range(TIMES):  # answers that are ready at the same moment may be mixed up, which isn't to be seen each time
        seen = await hashing.hold(TWO)

        if not seen.together:
            raise Red(seen.why_not_together())
        await all_elsewhere(hashing, seen)


async def all_elsewhere(hashing: Hashing, seen: Held) -> None:
    """Raises `Red` unless each of the calls that were held ran in a process of its own, beside a free loop."""
    used = pids(seen.in_flight)
    if hashing.own in used:
        raise Red(f"One of {seen.waiting} calls at the same time ran in the service's own process. {WHY_PROCESSES}")
    assert len(used) == seen.waiting, (
        f"{seen.waiting} calls of slow_hash were made at the same time, and they ran in {len(used)} of the processes: those in the same one "
        f"take turns. {WHY_PROCESSES}"
    )
    assert seen.health, "/health did not answer while texts were hashed."
    for response in seen.wrong_answers:
        await hashing.api.expect(200, response)
    for asked, request in zip(seen.asked, seen.requests, strict=True):
        data = asked.options["json"]["data"]
        if request.response is not None:
            got = request.response.json().get("hash")
            assert stood_in(data) == got, (
                f"{seen.count} texts were hashed together. For the text {data!r} slow_hash said {stood_in(data)!r}, and the answer was {got!r}: "
                "the hash of another. What belongs to one request must not stand where the next one writes."
            )


async def test_there_are_as_many_as_configured(larger: Hashing) -> None:
    """POOL_PROCESSES says how many texts are hashed at the same time, each in a process of its own; the next one waits."""
    seen = await larger.hold(MORE + 2, expected=MORE)

    if not seen.together:
        raise Red(f"POOL_PROCESSES was {MORE}. {seen.why_not_together()}")
    at_once = max(seen.waiting, await started_by_now(larger, MORE))
    assert at_once <= MORE, (
        f"POOL_PROCESSES was {MORE}, and {at_once} texts were hashed at the same time. More processes than CPUs make each of them slower, "
        "and each takes memory; by this setting whoever runs the service says how many there may be."
    )
    await all_elsewhere(larger, seen)


async def started_by_now(hashing: Hashing, processes: int) -> int:
    """How many calls are made at once when two more are asked for than there are ``processes``, and each of those has had the time to start."""
    hashing.gate.close()
    burst = Burst(hashing.api, asking("more", processes + 2))
    await hashing.gate.arrived(processes)
    await hashing.at_rest()
    at_once = len(hashing.gate.held)
    hashing.gate.open()
    await burst.finish(PATIENCE)
    return at_once


async def test_an_exception_costs_one_request(hashing: Hashing) -> None:
    """When slow_hash raises, the answer is 500, and the next request works."""
    await hashing.post(new_text("raise"), 500, why="slow_hash raised RuntimeError. What comes back from a worker as an exception is no hash.")

    await hashing.post(new_text("next"), why="In the request before, slow_hash had raised an exception.")


WHY_500 = "The process that hashed this text ended in the middle: there is no hash, and it is the service's fault."
WHY_REPLACED = (
    "A ProcessPoolExecutor that has lost one of its processes is broken for good, and refuses whatever comes later: "
    "the service has to make a new one."
)


async def test_a_crash_costs_one_request(hashing: Hashing) -> None:
    """When a worker crashes, the request that it worked for is a 500, and the next one works; every time."""
    for _ in range(2):
        await hashing.crash()

        await hashing.post(new_text("next"), why=f"A worker had crashed in the request before. {WHY_REPLACED}")
    await must_stay_free(hashing.api, "A worker crashed.")
    await as_many_as_before(hashing)


async def as_many_as_before(hashing: Hashing) -> None:
    """Raises `Red` unless after a crash as many texts as before are hashed at once, each in a process of its own."""
    seen = await hashing.hold(TWO + 2, expected=TWO)
    if not seen.together:
        raise Red(f"A worker had crashed. From then on there were fewer than before: POOL_PROCESSES was {TWO}. {seen.why_not_together()}")
    at_once = max(seen.waiting, await started_by_now(hashing, TWO))
    assert at_once <= TWO, (
        f"A worker had crashed. From then on there were more than before: {at_once} texts were hashed at the same time, though POOL_PROCESSES "
        f"was {TWO}. What replaces a pool takes its place, with as many processes."
    )
    await all_elsewhere(hashing, seen)


async def test_a_crash_beside_another_request(hashing: Hashing) -> None:
    """When a worker crashes while another one works, both requests are answered, and the next ones work."""
    await hashing.hold(TWO)  # both have started
    hashing.gate.close(lambda call: "beside" in call.values[0])
    other = Burst(hashing.api, asking("beside", 1))
    await hashing.gate.arrived(1, PATIENCE)

    crash = asyncio.create_task(hashing.crash())
    await asyncio.wait({crash}, timeout=PATIENCE / 3)
    hashing.gate.open()
    await crash

    assert await other.finish(PATIENCE), (
        "A worker crashed while another one hashed a text for another request, and the other request "
        f"got no answer in {PATIENCE:g} s, the patience limit."
    )
    again = [call for call in hashing.gate.calls if "beside" in call.values[0] and call.details["process"] == hashing.own]
    assert not again, (
        "A worker crashed while another one hashed a text for another request. That text was then hashed by the service's own process. "
        f"{WHY_PROCESSES}"
    )
    for _ in range(TWO):
        await hashing.post(new_text("next"), why=f"Two requests were in the pool when it broke, and each has to do with its end. {WHY_REPLACED}")


async def test_an_import_starts_no_process(service: ServiceStarter) -> None:
    """Importing app.main starts no process: the pool starts with the service."""
    api = await service(beside(__file__, "_imported.py", "app"), pool_processes=TWO)

    started = (await api.get("/processes")).json()

    assert [] == started, (
        f"The import of app.main alone started {len(started)} processes: {listed(started)}. Whatever imports it (a test, a tool, "
        "a spawned worker) would start them too, and nobody would end them."
    )


async def test_the_pool_ends_with_the_service(larger: Hashing, hashing: Hashing) -> None:
    """When the service stops, it ends its processes, and then itself; also those that replaced others."""
    await hashing.crash()
    larger.gate.close(lambda call: False)
    await larger.post(new_text("raise"), 500, why="slow_hash raised RuntimeError.")
    for each, when in ((larger, " after an exception"), (hashing, " after a crash")):
        before = list(each.gate.calls)
        workers = pids([call for call in [*before, *(await each.hold(TWO)).in_flight] if not call.lost])

        ended = await each.api.stop(PATIENCE, workers)

        if left := each.api.left_behind:
            raise Red(f"The service was stopped{when}. Its lifespan had ended, and {len(left)} of its {len(workers)} processes were still running. "
                      "uvicorn ends with the signal that stopped it, without what Python does at its end (atexit): "
                      "processes that nobody has ended by then stay behind, and keep their memory.")
        assert ended, f"The service was asked to stop{when}, and {PATIENCE:g} s later it had not ended by itself. {await each.api.stands()}"
