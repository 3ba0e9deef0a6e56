"""2.1 · The middleware passes everything through: requests, WebSockets, the lifespan, and streams as they flow."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

import httpx
import pytest_asyncio
import websockets

from dojo.kata import Red, ServiceStarter, exercise, listed
from katas.phase2_observability.measuring import CROWD, HALVES, PATIENCE, Measured, check_error, check_headers, found, reached

pytestmark = exercise("2.1", edit="app/middleware.py")

WHY = "A middleware stands between the server and all that you serve. What it changes, drops or delays, it does to everybody."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def measured(lasting_service: ServiceStarter) -> Measured:
    """The judge's service around the learner's middleware."""
    return await Measured.start(lasting_service, ws=True)


async def test_a_request_passes(measured: Measured) -> None:
    """A request reaches the application, and its answer reaches the client."""
    answer = await measured.get("/plain")

    await measured.api.expect(200, answer, WHY)
    assert {"hello": "world"} == answer.json(), f"GET /plain answered\n    {answer.text}\nThe application had answered {{'hello': 'world'}}.\n{WHY}"


async def test_the_service_starts_and_stops(service: ServiceStarter) -> None:
    """The lifespan passes too: what the application does when it starts and when it stops is done, and its state reaches requests."""
    measured = await Measured.start(service)

    assert found(await measured.notes(), "started up"), (
        'The server called the middleware with scope["type"] == "lifespan", and the application was never told: what it opens at its start, '
        "such as a pool of connections or a model, isn't there.\nEverything that isn't an HTTP request goes to `app` as it is."
    )
    answer = await measured.get("/state")
    await measured.api.expect(200, answer, WHY)
    assert {"model": "loaded"} == answer.json(), (
        f"A lifespan gave `{{'model': 'loaded'}}` to all requests as their state; one asked for it and found\n    {answer.text}\n"
        'It lies in scope["state"].'
    )
    assert await measured.api.stop(PATIENCE), f"The service was asked to stop, and was still there after {PATIENCE:g} s, the patience limit."
    assert "judge: shut down" in measured.api.host.output(), (
        "The server told the middleware that it stops, and the application was never told: what it has to close stays open.\n"
        "The lifespan is one long call of the application, with `receive` and `send` of its own."
    )


async def test_nothing_is_changed(measured: Measured) -> None:
    """The application sees each request as it came, and the client sees each answer as it was given: status, headers, body."""
    for method, path, status in (
        ("GET", "/items/7?gate=", 200), ("HEAD", "/plain", 200), ("GET", "/in-a-thread", 200), ("DELETE", "/items/7", 204), ("GET", "/nowhere", 404),
        ("POST", "/plain", 405), ("GET", "/items/seven", 422), ("GET", "/unavailable", 503), ("GET", "/items/7?name=%C3%A9t%C3%A9&name=2", 200),
        ("GET", "/large", 200),
    ):
        mark = measured.mark()
        answer = await measured.request(method, path, mark, headers={"X-Twice": "a", "Accept-Language": "de"})

        await measured.api.expect(status, answer, WHY)
        notes = await measured.notes(mark)
        came, entered = found(notes, "came")[0]["scope"], found(notes, "entered")
        assert 1 == len(entered), f"{method} {path} came once, and the application was called {len(entered)} times.\n{WHY}"
        for name, before in came.items():
            after = entered[0]["scope"].get(name, "missing")
            assert before == after, (
                f"{method} {path} was changed on its way to the application, in scope[{name!r}]:\n    before: {before}\n    after:  {after}\n{WHY}"
                + ("\nServers, and layers outside, put keys of their own into a scope, which no specification names." if name == "judge.own" else "")
            )
        assert mark == entered[0]["around"], (
            "A context variable that is set around your middleware isn't set in the application. Tracing and logging rely on them: "
            "call `app` where you are, or in a task that you start there."
        )
        if method != "HEAD":  # whose body no client gets
            check_body(f"The application answered {method} {path}", b"".join(bytes.fromhex(each["body"]) for each in found(notes, "sends")),
                       "the client got", answer.content)


def check_body(told: str, sent: bytes, who_got: str, got: bytes) -> None:
    """Checks that a body has arrived as it was sent; shows where it is another one."""
    at = next((place for place, (one, other) in enumerate(zip(sent, got, strict=False)) if one != other), min(len(sent), len(got)))
    why = ("A body is bytes, and no text until somebody decodes all of it: a picture can't be decoded, and a part of a body may end within a sign."
           if at < min(len(sent), len(got)) else WHY)
    assert sent == got, (
        f"{told} with {len(sent):,} bytes, and {who_got} {len(got):,}. They differ from byte {at:,} on, counted from 0:\n"
        f"    sent: {sent[max(0, at - 6):at + 6]!r}\n    got:  {got[max(0, at - 6):at + 6]!r}\n{why}"
    )


async def test_headers_stay(measured: Measured) -> None:
    """The headers of an answer stay, also those that are there twice; none is added but X-Process-Time."""
    mark = measured.mark()
    answer = await measured.get("/plain", mark)

    await measured.api.expect(200, answer, WHY)
    check_headers(await measured.notes(mark))


async def test_a_stream_flows(measured: Measured) -> None:
    """A streamed answer streams: each chunk reaches the client while the application still works on the next."""
    why = ("Each message goes on as soon as it comes: a language model's answer is read while it is written, "
           "and a file of a gigabyte fits into no memory.")
    mark = measured.mark()
    await measured.go(f"{mark}-0")
    async with measured.stream(f"/stream?gate={mark}", mark, why) as answer:
        chunks = answer.aiter_raw()
        for number, expected in ((1, b"one"), (2, b"two")):
            try:
                got = await asyncio.wait_for(anext(chunks), PATIENCE)
            except (TimeoutError, httpx.ReadTimeout, StopAsyncIteration):
                got = b""
            if got != expected:
                raise Red(f"The application sent the chunk {expected!r} and then worked on the next one. "
                          f"{f'The client had got {got!r}' if got else 'Nothing had reached the client'} "
                          f"after {PATIENCE:g} s, the patience limit.\n{why}")
            await measured.go(f"{mark}-{number}")
        rest = b"".join([chunk async for chunk in chunks])

    assert b"three" == rest, f"The last chunk was b'three', and the client got {rest!r}.\n{WHY}"


async def test_a_body_flows_in(measured: Measured) -> None:
    """An endpoint reads its request's body as it comes: nobody has waited for the end of it, or taken it away."""
    mark = measured.mark()
    body = await measured.uploaded_in_halves(mark)

    sent, read = b"".join(HALVES), b"".join(bytes.fromhex(each["begins"]) for each in found(await measured.notes(mark), "uploaded"))
    check_body("The client sent POST /upload", sent, "the endpoint read", read)
    assert f'{{"size":{len(sent)}}}' in body, f"The client sent {len(sent)} bytes, and the endpoint that counts them answered\n    {body}\n{WHY}"


async def test_who_is_slow_is_waited_for(measured: Measured) -> None:
    """Nothing is piled up: while a client doesn't read, the application is kept from sending; what it doesn't ask for, nobody takes for it."""
    slow, few = measured.mark(), 4  # whoever hands messages from one task to another, as BaseHTTPMiddleware does, is one or two ahead
    request = measured.send(f"/many?slow={slow}", slow)
    await measured.until(slow, "held")
    sent = await measured.at_most(slow, few, "sent")
    assert len(sent) <= few, (
        f"A client didn't read, so the server's `send` waited with the first message of an answer. Your `send` had taken {len(sent)} of them "
        f"from the application all the same.\nAn application that has to wait produces no more. What isn't passed on piles up in memory: "
        "a file of a gigabyte for each client with a bad line."
    )
    await measured.go(slow)
    answer = await request
    assert answer is not None, f"GET /many got no answer, or only a part of it.\n{WHY}"
    await measured.api.expect(200, answer, WHY)
    assert b"chunk" * 40 == answer.content, f"The application sent 40 chunks, 200 bytes, and the client got {len(answer.content)} bytes.\n{WHY}"

    mark, size = measured.mark(), 64
    async with measured.connection() as (reader, writer):
        writer.write(f"POST /upload?gate={mark} HTTP/1.1\r\nHost: judge\r\nX-Judge: {mark}\r\nContent-Length: {size << 16}\r\n"
                     "Connection: close\r\n\r\n".encode() + bytes(size << 16))
        await measured.until(mark, "waits")
        taken = await measured.at_most(mark, few, "in")
        assert len(taken) <= few, (
            f"An endpoint had not yet read from its request's body. Your middleware had called the server's `receive` {len(taken)} times for it, "
            f"and taken {sum(each['size'] for each in taken):,} bytes.\n"
            "The server stops a client that sends faster than it is read. What is taken before anybody asks piles up in memory."
        )
        await measured.go(mark)
        body = b""
        with contextlib.suppress(TimeoutError, OSError):  # a server that has enough may hang up
            body = await asyncio.wait_for(reader.read(), PATIENCE)
        assert b'{"size":%d}' % (size << 16) in body, (
            f"The client sent {size << 16:,} bytes, and the endpoint that counts them answered\n    {body.decode(errors='replace')[-100:]}\n{WHY}"
        )


async def test_requests_pass_side_by_side(measured: Measured) -> None:
    """While one request waits in its endpoint, another one passes, and fifty do; so does one while another's client reads slowly. Each gets its
    own body.
    """
    gate, slow, other = measured.mark(), measured.mark(), measured.mark()
    crowd = [measured.mark() for _ in range(CROWD)]
    requests = [measured.send(f"/plain?gate={gate}", crowd[0])]
    await measured.until(crowd[0], "waits")
    requests += [measured.send(f"/plain?gate={gate}", mark) for mark in crowd[1:]]
    for number, mark in enumerate(crowd[1:], 1):
        await measured.until(mark, "waits", f"Of {CROWD} requests, {number} had come through and waited in their endpoints, as for a database. "
                                            "That is no reason to keep the others waiting.")
    requests.append(measured.send(f"/plain?slow={slow}", slow))
    await measured.until(slow, "held")
    requests.append(measured.send("/plain", other))
    await measured.until(other, "over", "One answer stood in the server, as its client didn't read: "
                                        "each `send` waits for its own client, and for no other.")

    for each in (slow, gate):
        await measured.go(each)
    statuses = Counter(answer and answer.status_code for answer in await asyncio.gather(*requests))
    assert {200: CROWD + 2} == statuses, (
        f"{CROWD + 2} requests were on their way at the same time. All should be answered with 200, and had {dict(statuses)}.\n{WHY}"
    )

    uploads = {measured.mark(): size for size in (5, 700)}
    sent = {}
    for mark, size in uploads.items():
        sent[mark] = measured.send(f"/upload?gate={mark}", mark, "POST", content=bytes(size))
        await measured.until(mark, "waits")
    for mark, size in uploads.items():
        await measured.go(mark)
        answer = await sent[mark]
        body = answer.text if answer else ""
        assert f'{{"size":{size}}}' == body, (
            f"Two uploads were on their way at the same time, of {listed([f'{each} bytes' for each in uploads.values()])}. The endpoint that "
            f"got the one of {size} and counts them answered\n    {body or 'nothing'}\nEach call has a `receive` and a `send` of its own. "
            "In `self` the last request's are found by all others, and who asks gets another one's data."
        )


async def test_an_exception_passes(measured: Measured) -> None:
    """An exception that leaves the application leaves the middleware too, and so does a cancellation: who stands outside has to hear of it,
    and answers it. What the server's `send` raises reaches the application.
    """
    for path, kind, expected in (
        ("/raises", "RuntimeError", 500), ("/raises-late", "RuntimeError", 200), ("/background?fails=1", "RuntimeError", 200),
        ("/raises?kind=ConnectionResetError", "ConnectionResetError", 500), ("/raises?kind=TimeoutError", "TimeoutError", 500),
        ("/raises?kind=ClientDisconnect", "ClientDisconnect", 500),
    ):
        mark = measured.mark()
        got = 0
        with contextlib.suppress(httpx.HTTPError):  # a body that breaks off is what is expected of the second
            async with measured.api.client.stream("GET", path, headers={"x-judge": mark}, timeout=PATIENCE) as answer:
                got = answer.status_code
                await answer.aread()
        what = "background task" if "background" in path else "endpoint"
        notes = await measured.until(mark, "over")
        check_error(notes, kind, f"The {what} of GET {path} raised {kind}.")
        answered = [] if found(notes, "sends") else found(notes, "out")
        assert not answered, (
            f"The {what} of GET {path} raised {kind} and had sent nothing. Your middleware sent an answer with status "
            f"{answered[0].get('status')}.\nWhat an error is answered with is decided outside, where a service may have a handler of its own "
            "for it (`app.add_exception_handler`): once an answer has begun, that handler can't give another."
        )
        assert expected == got, f"GET {path} was answered with {got or 'nothing'}, expected {expected}.\n{WHY}"

    mark = measured.mark()
    await measured.send("/plain?breaks=1", mark)
    error = found(await measured.until(mark, "over"), "over")[0].get("error")
    assert error == "ConnectionResetError", (
        "The server's `send` raised ConnectionResetError, as servers do whose client is gone. It belongs to the application that sends; what left "
        f"the middleware was {error or 'no exception'}, expected ConnectionResetError.\n"
        "An application that isn't told goes on sending to nobody, and a server raises there too when an answer is longer than announced."
    )

    mark = measured.mark()
    held = measured.send(f"/plain?gate={mark}", mark)
    await measured.until(mark, "waits")
    await measured.canceled(mark, "A request's task was canceled, as a server does that stops.")
    await held

    left = await measured.what_left_the_start()
    assert left == "RuntimeError", (
        f"The application failed when the service started, with a RuntimeError. What left the middleware was {left or 'no exception'}, expected "
        "RuntimeError.\nThe server has to hear of it: it writes it to its log, and doesn't serve what couldn't start."
    )


async def test_a_websocket_passes(measured: Measured) -> None:
    """A WebSocket is opened, carries text and bytes both ways, and is closed with the application's own code; or it is refused."""
    mark = measured.mark()
    told = 'WebSockets come with scope["type"] == "websocket": pass on whatever isn\'t HTTP, with the same `receive` and `send`.'
    try:
        async with asyncio.timeout(PATIENCE), measured.socket(mark) as socket:
            got: list[str | bytes | int | None] = [socket.subprotocol, socket.response.headers.get("x-own") if socket.response else None]
            for sent in ("text", b"\x00\xffbytes"):
                await socket.send(sent)
                got.append(await socket.recv())
            await socket.send("bye")
            await socket.wait_closed()
            got += [socket.close_code, socket.close_reason]
    except (websockets.WebSocketException, OSError, TimeoutError) as error:
        raise Red(f"A client opened a WebSocket at /socket, which echoes what it gets, and it failed: {type(error).__name__} {error}. "
                  f"{reached(await measured.notes(mark))}\n{told}") from None

    expected = ["kata", "kept", "text", b"\x00\xffbytes", 4001, "said bye"]
    assert expected == got, (
        f"Protocol, the application's own header, echoed text, echoed bytes, closing code and reason were\n    {got}\nand expected\n"
        f"    {expected}\n{told}"
    )
    notes = await measured.notes(mark)
    for name, before in found(notes, "came")[0]["scope"].items():
        after = found(notes, "entered")[0]["scope"].get(name, "missing")
        assert before == after, (
            f"A WebSocket was changed on its way to the application, in scope[{name!r}]:\n    before: {before}\n    after:  {after}\n{told}"
        )
    await measured.echoed(measured.mark())  # whose client is the one to close it, which the application has to hear

    for word, kind in (("fail", "RuntimeError"), ("leave", "WebSocketDisconnect")):
        mark = measured.mark()
        with contextlib.suppress(websockets.WebSocketException, OSError, TimeoutError):
            async with asyncio.timeout(PATIENCE), measured.socket(mark) as socket:
                await socket.send(word)
                await socket.wait_closed()
        check_error(await measured.until(mark, "over"), kind, f"The endpoint of a WebSocket raised {kind}.")

    status = 0
    try:
        async with asyncio.timeout(PATIENCE), measured.socket(measured.mark(), "?refuse=1"):
            status = 101
    except websockets.InvalidStatus as error:
        status = error.response.status_code
    except (websockets.WebSocketException, OSError, TimeoutError):
        pass
    assert 403 == status, f"The application refused a WebSocket, which the client learns as a 403; it got {status or 'no answer'}.\n{told}"


async def test_who_leaves_is_noticed(measured: Measured) -> None:
    """An application that waits for its client's leave hears of it."""
    mark = measured.mark()

    async with measured.gone_while_it_waits("/listens", mark):
        await measured.until(mark, "heard", type="http.disconnect")


async def test_messages_of_other_kinds_pass(measured: Measured) -> None:
    """Messages that only some servers know pass as well: early hints, the name of a file instead of a body, trailers."""
    for path, body in (("/file", Path(__file__).with_name("_measured_app.py").read_bytes()), ("/trailers", b"checked")):
        mark = measured.mark()
        answer = await measured.send(path, mark)

        if answer is not None:  # else the messages say why
            await measured.api.expect(200, answer, WHY)
        notes = await measured.until(mark, "over")
        # BaseHTTPMiddleware cuts bodies in its own way, and knows no trailers, which it drops; who wants to stay with it may.
        left_out = ("http.response.body", "http.response.trailers")
        sent, passed = ([each["type"] for each in found(notes, what) if each["type"] not in left_out] for what in ("sends", "out"))
        assert sent == passed, (
            f"The application sent the messages {listed(sent)}, and there left your middleware {listed(passed) or 'none'}.\n"
            "Servers have extensions, and more will come: what you don't know is passed on as it is."
        )
        for before, after in zip(*([each for each in found(notes, what) if "whole" in each] for what in ("sends", "out")), strict=False):
            assert before["whole"] == after["whole"], (
                f"The application sent a message {before['type']}, and what left your middleware was another one:\n    before: {before['whole']}\n"
                f"    after:  {after['whole']}\nThe headers of an answer stand in http.response.start, and only there."
            )
        error = found(notes, "over")[0].get("error")
        kinds = listed([each["type"] for each in found(notes, "sends")])
        assert error is None, f"The application answered GET {path} with the messages {kinds}; then there came a {error}.\n{WHY}"
        assert answer is not None, f"GET {path} got no valid answer.\n{WHY}"
        assert body == answer.content, f"GET {path} was answered with {len(body)} bytes, and the client got {len(answer.content)}.\n{WHY}"
