"""The load generator: what it sends is what it says, and it doesn't take the CPU that it measures."""

import asyncio
import json
import math
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from dojo.generator import LARGEST_CPU_SHARE, Load, closed, opened
from dojo.server import Port
from dojo.upstreams import Answer, Upstream
from dojo.workspace import ROOT

Start = Callable[..., Awaitable[Upstream]]


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    """Starts a service."""
    started = []

    async def start(answer: Callable[..., Answer]) -> Upstream:
        started.append(await Upstream("the service", answer).start())
        return started[-1]

    yield start
    for service in started:
        await service.stop()


async def test_so_many_are_in_flight(start: Start) -> None:
    """Of a closed load there are as many requests in flight as there are connections, and each is counted."""
    service = await start(lambda call: Answer(json={}, headers={"x-pid": str(call.number % 2)}, delay=0.02))

    load = await closed(f"{service.url}/path?query=1", connections=8, count=80)

    assert 80 == len(load.asked) == len(load.good) == len(service.calls)
    assert {"GET /path?query=1"} == {call.text for call in service.calls}
    assert {"0": 40, "1": 40} == dict(load.workers)
    assert 80 == load.opened == len({call.connection for call in service.calls})
    assert 0.02 <= load.latency(50) <= load.latency(95)
    assert 80 / (load.ended - load.began) == pytest.approx(load.rps)


async def test_connections_can_be_kept(start: Start) -> None:
    """With keep, each of the users has one connection, unless the service closes it."""
    service = await start(lambda call: Answer(json={}))
    load = await closed(service.url, connections=3, count=60, keep=True)

    assert 60 == len(load.good)
    assert 3 == load.opened == len({call.connection for call in service.calls})


async def test_what_fails_is_counted(start: Start) -> None:
    """A status is kept as it is, and a hang-up is none; neither is among the good ones."""
    def answer(call: object) -> Answer:
        number = getattr(call, "number") % 4  # noqa: B009
        return Answer(status=503, headers={"retry-after": "2"}) if number == 1 else Answer(garbage=b"") if number == 2 else Answer(json={})

    service = await start(answer)
    load = await closed(service.url, connections=1, count=40)

    assert {200: 20, 503: 10, 0: 10} == dict(load.statuses)
    assert {"2"} == {each.retry_after for each in load.asked if each.status == 503}
    assert 20 == len(load.good)


async def test_where_nobody_listens_all_fail() -> None:
    """There is nothing to measure, and that is no error."""
    port = Port()
    load = await closed(f"http://127.0.0.1:{port.number}", connections=2, seconds=0.1)
    port.close()

    assert {0} == set(load.statuses)
    assert math.isnan(load.latency(95))
    assert 0 == load.rps


async def test_an_open_load_is_sent_when_it_is_due(start: Start) -> None:
    """Also when the service is slow, and a latency counts from then on."""
    service = await start(lambda call: Answer(json={}, delay=0.3))

    load = await opened(service.url, rate=50, seconds=0.5)

    assert 25 == len(load.good)
    assert [pytest.approx(load.began + number / 50) for number in range(25)] == [each.due for each in load.asked]
    assert all(each.sent >= each.due for each in load.asked)
    assert load.latency(1) >= 0.3


async def test_answers_may_come_in_pieces_and_without_a_length() -> None:
    """What has no length lasts until the connection ends."""
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in (b"HTTP/1.1 20", b"0 OK\r\nX-Pid: 7\r\n", b"\r\nhalf", b"half"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    load = await closed(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", connections=1, count=2)
    server.close()

    assert {"7": 2} == dict(load.workers)
    assert all(each.latency >= 0.03 for each in load.good)


async def test_the_program_prints_its_figures(start: Start) -> None:
    """As JSON, from a process of its own."""
    service = await start(lambda call: Answer(json={}, delay=0.01))

    done = await asyncio.create_subprocess_exec(sys.executable, "-m", "dojo.generator", service.url, "--seconds", "0.3", "--connections", "2",
                                                cwd=ROOT, stdout=subprocess.PIPE)
    told = json.loads((await done.communicate())[0])

    assert told["requests"] == len(service.calls) == told["statuses"]["200"]
    assert told["p50_s"] >= 0.01


def test_a_generator_that_could_do_no_more_says_so() -> None:
    """Its figures are its own then."""
    now = time.monotonic()

    assert "" == Load(now, now + 1, cpu_share=LARGEST_CPU_SHARE).strained()
    assert "95% of a CPU" in Load(now, now + 1, cpu_share=0.95).strained()
