"""What an observation of a burst proves, from records made by hand."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from dojo.burst import Observation, Sent

PLACE = {"file": "app/routers/predict.py", "line": 21, "function": "predict", "text": "await wait()"}


def span(number: int, start: float, complete: float | None) -> dict[str, Any]:
    """A request as the host saw it."""
    return {"number": number, "path": "/predict", "start": start, "complete": complete, "returned": complete, "status": 200}


def arrival(request: int | None, place: str = "loop", thread: str = "MainThread") -> dict[str, Any]:
    """A wait that stood in front of the gate."""
    return {"request": request, "place": place, "thread": thread, "frame": PLACE, "seconds": 0.2, "arrived": 0.0}


def observed(held: list[dict[str, Any]] = [], *, before: list[dict[str, Any]] = [], after: list[dict[str, Any]] = [],  # noqa: B006  # never changed
             blocks: list[dict[str, Any]] = [], pools: dict[str, Any] = {}, wait: float = 0.2, count: int = 4) -> Observation:  # noqa: B006
    """An observation of ``count`` requests, all of them answered."""
    requests = [Sent(0.0, 0.25, httpx.Response(200)) for _ in range(count)]
    seen = {"spans": before, "blocks": blocks, "pools": pools, "standing": []}
    return Observation("/predict", count, wait, requests, seen, {"spans": after, "blocks": []}, True, held=held)


ALL_HERE = [span(n, 0.0, None) for n in range(1, 5)]


def test_all_at_the_gate_are_together() -> None:
    """As many requests in front of the closed gate as were sent waited together."""
    assert observed([arrival(n) for n in range(1, 5)], before=ALL_HERE).together


def test_two_waits_of_one_request_are_one_request() -> None:
    """Requests are counted, not waits."""
    seen = observed([arrival(1), arrival(1), arrival(2), arrival(3)], before=ALL_HERE)

    assert (3, False) == (seen.waiting, seen.together)
    assert "3 waited, 1 other had to wait" in seen.why_not_together()


def test_an_early_answer_is_no_wait() -> None:
    """Who is answered while the wait is held doesn't wait for it, however many stand there."""
    seen = observed([arrival(n) for n in range(1, 5)], before=[*ALL_HERE[:3], span(4, 0.0, 0.01)])

    assert not seen.together
    assert "doesn't wait for it" in seen.why_not_together()


def test_a_sleep_on_the_loops_thread_is_not_together() -> None:
    """It holds the loop, even when all of them got there."""
    assert not observed([arrival(n, "blocking") for n in range(1, 5)], before=ALL_HERE).together


@pytest.mark.parametrize(("starts", "wait", "stay", "proof"), [
    ((0.0, 0.01, 0.02, 0.03), 1.0, 1.0, True),
    ((0.0, 0.3, 0.6, 0.9), 1.0, 1.0, True),
    ((0.0, 0.4, 0.8, 1.2), 1.0, 1.0, False),  # the last may have come when the first had gone
    ((0.0, 1.0, 2.0, 3.0), 1.0, 1.0, False),
    ((0.0, 0.0, 0.0, 0.0), 1.0, 0.5, False),  # they don't wait
])
def test_overlap_without_a_gate(starts: tuple[float, ...], wait: float, stay: float, proof: bool) -> None:
    """Stays of at least the wait, all within less than twice the wait, have a moment in common."""
    spans = [span(n, start, start + stay) for n, start in enumerate(starts, 1)]

    assert proof == observed(after=spans, wait=wait).overlapped


def test_overlap_needs_every_request() -> None:
    """A request that the application never saw proves nothing."""
    assert not observed(after=[span(n, 0.0, 1.0) for n in range(1, 4)], wait=1.0).overlapped


def test_a_clock_alone_counts_when_seen_twice() -> None:
    """One slow call on a starved machine is no verdict."""
    block = {"proof": "clock", "place": PLACE, "seconds": 0.3, "computing": False, "what": "f"}

    assert [] == observed(blocks=[{**block, "times": 1}]).blocks
    assert 1 == len(observed(blocks=[{**block, "times": 2}]).blocks)


def test_the_strongest_proof_comes_first() -> None:
    """A sleep entered on the loop's thread says more than a clock."""
    blocks = [{"proof": proof, "place": PLACE, "seconds": 0.3, "computing": False, "times": 2} for proof in ("clock", "stuck", "identity")]

    assert ["identity", "stuck", "clock"] == [block["proof"] for block in observed(blocks=blocks).blocks]


@pytest.mark.parametrize(("thread", "pools", "said"), [
    ("AnyIO worker thread", {"threads": 2, "busy": 2, "queued": 2}, "threads of the pool, which has 2"),
    ("asyncio_0", {"threads": 40, "busy": 0, "queued": 0, "executor_queued": 2}, "asyncio's default executor"),
    ("asyncio_0", {"threads": 40, "busy": 0, "queued": 0, "executor_queued": 0}, "They wait on threads."),
    ("ThreadPoolExecutor-0_0", {"threads": 40, "busy": 0, "queued": 0}, "a pool of 1 thread"),
])
def test_the_pool_that_is_too_small_is_named(thread: str, pools: dict[str, Any], said: str) -> None:
    """Whose threads the requests queue for."""
    held = [arrival(n, "pool", thread) for n in (1, 2)]

    assert said in observed(held, before=ALL_HERE, pools=pools).why_not_together()


def test_a_burst_that_is_given_up_leaves_nothing() -> None:
    """Requests that are never answered end with the patience for them, and no task is left."""
    from dojo.burst import Burst, Request

    @dataclass
    class Service:
        """All of a service that a burst uses."""

        client: httpx.AsyncClient

    async def run() -> tuple[bool, int]:
        taken = []
        silent = await asyncio.start_server(lambda *streams: taken.append(streams), "127.0.0.1", 0)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}", verify=False) as client:
            burst = Burst(Service(client), [Request("POST", "/predict")] * 3)  # type: ignore[arg-type]
            finished = await burst.finish(0.05)
        silent.close()
        for _, writer in taken:
            writer.close()
        return finished, sum(task.get_coro().__qualname__.startswith("Burst") for task in asyncio.all_tasks())

    assert (False, 0) == asyncio.run(run())
