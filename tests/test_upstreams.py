"""HTTP services with answers of the test's choice, and the gate in the judge that they share with other dependencies."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio

from dojo.outside import Call, OutsideGate
from dojo.upstreams import Answer, Upstream


@pytest_asyncio.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that answers each call with its path."""
    upstream = await Upstream("the upstream", lambda call: Answer(json={"path": call.details["target"]})).start()
    yield upstream
    await upstream.stop()


@pytest_asyncio.fixture
async def client(up: Upstream) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the upstream; its time limit ends a test that hangs."""
    async with httpx.AsyncClient(base_url=up.url, trust_env=False, verify=False, timeout=10) as client:
        yield client


def asked(client: httpx.AsyncClient, *paths: str) -> list[asyncio.Task[httpx.Response]]:
    """Requests that are under way."""
    return [asyncio.create_task(client.get(path)) for path in paths]


async def once(happened: Callable[[], object]) -> None:
    """Returns when ``happened()`` is true."""
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.001)


# -- kinds of answers


async def test_an_answer_and_the_call_that_it_is_for(up: Upstream, client: httpx.AsyncClient) -> None:
    """Status, headers and JSON go out; method, target, headers and body of the call are noted."""
    up.answer = lambda call: Answer(201, json=[1, "é"], headers={"x-odd": "yes"})

    answer = await client.post("/a%2Fb?q=1", content=b"\x00body", headers={"X-Mine": "here"})

    assert (201, [1, "é"], "yes", "application/json") == (answer.status_code, answer.json(), answer.headers["x-odd"], answer.headers["content-type"])
    [call] = up.calls
    assert "POST /a%2Fb?q=1" == call.text
    assert ("POST", "/a%2Fb?q=1", b"\x00body") == (call.details["method"], call.details["target"], call.details["body"])
    assert "here" == call.details["headers"]["x-mine"]
    assert call.answered is not None
    assert call.answered >= call.sent
    assert "" == call.lost


async def test_bytes_with_a_type_of_their_own(up: Upstream, client: httpx.AsyncClient) -> None:
    """``body`` goes out as it is, and headers replace the usual ones."""
    up.answer = lambda call: Answer(body=b"<html>", headers={"content-type": "text/html"})

    answer = await client.get("/")

    assert (b"<html>", "text/html") == (answer.content, answer.headers["content-type"])


async def test_the_answer_depends_on_the_call(up: Upstream, client: httpx.AsyncClient) -> None:
    """``answer`` is asked for each call, and may be replaced at any time."""
    assert {"path": "/one"} == (await client.get("/one")).json()
    up.answer = lambda call: Answer(503)

    assert 503 == (await client.get("/two")).status_code


async def test_a_body_that_comes_in_chunks(up: Upstream, client: httpx.AsyncClient) -> None:
    """A call is noted when it is whole."""
    async def chunks() -> AsyncIterator[bytes]:
        for chunk in (b"one", b"two"):
            yield chunk
            assert not up.calls

    await client.post("/", content=chunks())

    assert [b"onetwo"] == [call.details["body"] for call in up.calls]


async def test_head_has_no_body(up: Upstream, client: httpx.AsyncClient) -> None:
    """After HEAD the connection is in order: the next answer is read from it."""
    head = await client.head("/")

    assert b"" == head.content
    assert {"path": "/next"} == (await client.get("/next")).json()
    assert 1 == up.connections


async def test_cut_off_in_the_body(up: Upstream, client: httpx.AsyncClient) -> None:
    """The head promises more than comes."""
    up.answer = lambda call: Answer(json={"long": "x" * 100}, cut=7)
    got = []

    async def read(answer: httpx.Response) -> None:
        async for part in answer.aiter_raw():
            got.append(part)

    async with client.stream("GET", "/") as answer:
        assert (200, "112") == (answer.status_code, answer.headers["content-length"])
        with pytest.raises(httpx.RemoteProtocolError):
            await read(answer)

    assert b'{"long"' == b"".join(got)


@pytest.mark.parametrize("garbage", [b"\x00\x01 what?\r\n\r\n", b""], ids=["no HTTP", "nothing at all"])
async def test_garbage(up: Upstream, client: httpx.AsyncClient, garbage: bytes) -> None:
    """What is no HTTP, or nothing before it hangs up, is no answer for a client; the next call gets one."""
    up.answer = lambda call: Answer(garbage=garbage)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/")
    up.answer = lambda call: Answer()

    assert 200 == (await client.get("/")).status_code


async def test_a_slow_answer_holds_nobody_else_up(up: Upstream, client: httpx.AsyncClient) -> None:
    """``delay`` is one answer's own; it is a lower bound."""
    up.answer = lambda call: Answer(delay=0.1 if call.text == "GET /slow" else 0.0)
    slow, quick = asked(client, "/slow", "/quick")

    await quick
    assert not slow.done()
    await slow

    [call] = [call for call in up.calls if call.text == "GET /slow"]
    assert call.answered is not None
    assert call.answered - call.sent >= 0.1


# -- held, rounds, counts


async def test_held_until_released_in_rounds(up: Upstream, client: httpx.AsyncClient) -> None:
    """Behind a closed gate calls stand in the order of their coming; each release is a round."""
    up.close()
    tasks = []
    for number in range(3):
        tasks += asked(client, f"/{number}")
        assert await up.arrived(number + 1)

    assert ["GET /0", "GET /1", "GET /2"] == [call.text for call in up.held]
    assert (3, False) == (up.unanswered, any(task.done() for task in tasks))
    assert 1 == up.release(1)
    await tasks[0]
    assert ["GET /1", "GET /2"] == [call.text for call in up.held]
    assert 2 == up.release()
    await asyncio.gather(*tasks)

    assert [1, 2] == up.rounds
    assert [1, 2, 2] == [call.round for call in up.calls]
    assert (0, [], 0) == (up.unanswered, up.held, up.release())
    assert [1, 2] == up.rounds


async def test_released_by_choice(up: Upstream, client: httpx.AsyncClient) -> None:
    """``only`` says who may go; the others stay."""
    up.close()
    tasks = asked(client, "/a", "/b", "/c")
    assert await up.arrived(3)

    assert 1 == up.release(only=lambda call: call.text == "GET /b")
    await tasks[1]

    assert {"GET /a", "GET /c"} == {call.text for call in up.held}
    assert 2 == up.open()
    await asyncio.gather(*tasks)


async def test_held_by_choice(up: Upstream, client: httpx.AsyncClient) -> None:
    """``close(only)`` holds some and lets the others through."""
    up.close(lambda call: call.text == "GET /held")
    [held] = asked(client, "/held")

    await client.get("/free")
    await once(lambda: up.held)

    assert not held.done()
    assert 1 == up.open()
    await held


async def test_an_open_gate_holds_nobody(up: Upstream, client: httpx.AsyncClient) -> None:
    """After ``open`` those who come go through, and no round is counted."""
    up.close()
    assert 0 == up.open()

    await client.get("/")

    assert ([], 1) == (up.rounds, len(up.calls))


async def test_closing_forgets_what_is_done(up: Upstream, client: httpx.AsyncClient) -> None:
    """A new check begins without the calls and rounds of the last one, but with those that still wait."""
    up.close()
    tasks = asked(client, "/early", "/late")
    assert await up.arrived(2)
    up.release(1)
    await once(lambda: up.unanswered == 1)

    up.close()

    assert (1, []) == (len(up.calls), up.rounds)
    up.open()
    await asyncio.gather(*tasks)


async def test_who_hangs_up_is_lost(up: Upstream, client: httpx.AsyncClient) -> None:
    """A caller that goes leaves the gate; its call is neither held nor answered nor awaited."""
    up.close()
    [task] = asked(client, "/")
    assert await up.arrived(1)

    task.cancel()
    await once(lambda: not up.held)

    [call] = up.calls
    assert ("the caller hung up", None, 0) == (call.lost, call.answered, up.unanswered)
    assert 0 == up.open()


async def test_who_does_not_come(up: Upstream) -> None:
    """``arrived`` gives up after its patience."""
    assert not await up.arrived(1, patience=0.01)


async def test_connections_are_counted(up: Upstream, client: httpx.AsyncClient) -> None:
    """A kept connection counts once, and each call says on which it came."""
    for _ in range(3):
        await client.get("/")
    async with httpx.AsyncClient(trust_env=False, verify=False) as other:
        await other.get(up.url)

    assert [1, 1, 1, 2] == [call.connection for call in up.calls]
    assert 2 == up.connections
    await once(lambda: up.connected == 1)


async def test_down_and_up_again(up: Upstream, client: httpx.AsyncClient) -> None:
    """``stop`` hangs up on who waits and lets nobody in; ``start`` is at the same address."""
    url = up.url
    up.close()
    [task] = asked(client, "/")
    assert await up.arrived(1)

    await up.stop()

    with pytest.raises(httpx.TransportError):
        await task
    with pytest.raises(httpx.ConnectError):
        await client.get("/")
    up.open()
    await up.start()
    assert (url, 200) == (up.url, (await client.get("/")).status_code)


# -- the gate itself


async def test_a_gate_of_any_kind() -> None:
    """Numbers go up, values are kept, and ``delay`` is added to every answer."""
    gate = OutsideGate("the disk")
    first, second = gate._came("read", 1, ("a",)), gate._came("write", 2, size=3)
    gate.delay = 0.02

    await gate._passes(first)

    assert (1, 2, ("a",), {"size": 3}) == (first.number, second.number, first.values, second.details)
    assert first.answered is not None
    assert first.answered - first.sent >= 0.02
    assert 1 == gate.unanswered


async def test_a_canceled_wait_leaves_the_gate() -> None:
    """Whoever waits for a call may be canceled: it counts in no round."""
    gate = OutsideGate()
    gate.close()

    async def wait(call: Call) -> None:
        await gate._passes(call)

    tasks = [asyncio.create_task(wait(gate._came("x", number))) for number in (1, 2)]
    await once(lambda: len(gate.held) == 2)
    tasks[0].cancel()
    await asyncio.wait(tasks[:1])

    assert 1 == gate.open()
    await tasks[1]
    assert [1] == gate.rounds


async def test_silent_in_the_body(up: Upstream, client: httpx.AsyncClient) -> None:
    """The head and a part of the body come, and then nothing until the caller hangs up."""
    up.answer = lambda call: Answer(json={"long": "x" * 100}, silent=7)

    async with client.stream("GET", "/") as answer:
        assert (200, "112") == (answer.status_code, answer.headers["content-length"])
        assert b'{"long"' == await anext(answer.aiter_raw())
        assert not up.calls[0].lost

    for _ in range(200):
        if up.calls[0].lost:
            break
        await asyncio.sleep(0.01)
    assert "the caller hung up" == up.calls[0].lost
