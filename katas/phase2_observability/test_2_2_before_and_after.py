"""2.2 · Every HTTP request is counted in and counted out, whatever becomes of it."""

import asyncio

import pytest_asyncio

from dojo.kata import ServiceStarter, exercise, plural
from katas.phase2_observability.measuring import Measured, Note, check_error, exactly_once, found, last_byte

pytestmark = exercise("2.2", edit="app/middleware.py")

WHY_GAUGE = (
    "A gauge that is counted up and not down again climbs for as long as the service lives: it will look as if it drowned. "
    "One that is counted down twice shows less than there is, and falls below zero in the end."
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lasting(lasting_service: ServiceStarter) -> Measured:
    """The judge's service around the learner's middleware."""
    return await Measured.start(lasting_service, ws=True)


@pytest_asyncio.fixture(loop_scope="session")
async def measured(lasting: Measured) -> Measured:
    """The same, and what its recorder is told from now on."""
    return await lasting.anew()


async def counted(measured: Measured, mark: str, told: str) -> list[Note]:
    """Checks that a request, which is over, was counted in and out exactly once; returns its notes and the recorder's."""
    await measured.until(mark, "over")
    exactly_once(await measured.told("enter"), "enter", told)
    leaves = await measured.told("leave")
    assert leaves, f"{told} It is over, and recorder.leave() was never called.\n{WHY_GAUGE}"
    assert 1 == len(leaves), f"{told} recorder.leave() was called {plural(len(leaves), 'time')}, expected once.\n{WHY_GAUGE}"
    return [*await measured.notes(mark), *await measured.calls("enter", "leave")]


async def test_a_request_is_counted(measured: Measured) -> None:
    """enter() is called before the application, leave() once its answer was sent, each of them once."""
    mark = measured.mark()
    answer = await measured.get("/plain", mark)

    await measured.api.expect(200, answer)
    notes = await counted(measured, mark, "GET /plain was answered with 200.")
    enter, leave = found(notes, "enter")[0], found(notes, "leave")[0]
    assert enter["number"] < found(notes, "entered")[0]["number"], (
        "GET /plain had reached the application before recorder.enter() was called: a request that hangs there would never be seen."
    )
    assert last_byte(notes, "out")["number"] < leave["number"], (
        "recorder.leave() was called before the answer to GET /plain had left your middleware. A client that reads slowly keeps "
        "the request going: it is over when its last byte was passed on, not before."
    )


async def test_requests_in_flight_are_counted(measured: Measured) -> None:
    """While five requests wait in their endpoints, five have been counted in and none out; then they go one by one."""
    marks = [measured.mark() for _ in range(5)]
    requests = [measured.send(f"/items/{number}?gate={mark}", mark) for number, mark in enumerate(marks)]
    for mark in marks:
        await measured.until(mark, "waits")

    entered, left = len(await measured.told("enter", 5)), len(await measured.calls("leave"))
    gone = []
    for number, mark in enumerate(reversed(marks), 1):
        await measured.go(mark)
        await measured.until(mark, "over")
        gone.append(len(await measured.told("leave", number)))
    await asyncio.gather(*requests)

    assert (5, 0) == (entered, left), (
        f"Five requests waited in their endpoints. recorder.enter() had been called {plural(entered, 'time')} and "
        f"recorder.leave() {plural(left, 'time')}; expected 5 times and not at all.\n"
        'Each call of your middleware is a request of its own, whatever else is the same: behind a proxy all have the same scope["client"].'
    )
    assert [1, 2, 3, 4, 5] == gone, (
        f"Five requests were let go one by one. After each of them recorder.leave() had been called {gone} times in all.\n{WHY_GAUGE}"
    )


async def test_a_stream_is_in_flight_to_its_last_byte(measured: Measured) -> None:
    """A streamed answer has begun, and its client reads: the request is in flight until the last chunk was sent."""
    mark = measured.mark()
    await measured.go(f"{mark}-0")
    async with measured.stream(f"/stream?gate={mark}", mark) as answer:
        for number in (1, 2):
            await measured.until(mark, "waits", gate=f"{mark}-{number}")
            left = len(await measured.calls("leave"))
            assert not left, (
                f"{plural(number, 'chunk')} of three had been sent, and recorder.leave() had been called already.\n"
                "A response that has begun isn't over: with BaseHTTPMiddleware, call_next() returns when the answer begins."
            )
            await measured.go(f"{mark}-{number}")
        await answer.aread()

    notes = await counted(measured, mark, "GET /stream was answered with three chunks.")
    assert last_byte(notes, "out")["number"] < found(notes, "leave")[0]["number"], (
        "recorder.leave() was called before the last chunk of GET /stream had left your middleware."
    )


async def test_other_answers_are_counted(measured: Measured) -> None:
    """Answers of all kinds are counted, once each: errors that the application makes, any method and path, uploads, background tasks."""
    for method, path, status in (
        ("HEAD", "/plain", 200), ("DELETE", "/items/7", 204), ("GET", "/nowhere", 404), ("POST", "/plain", 405), ("GET", "/items/seven", 422),
        ("GET", "/unavailable", 503), ("POST", "/upload", 200), ("GET", "/in-a-thread", 200), ("GET", "/background", 200), ("GET", "/file", 200),
        ("PUT", "/items/7", 200), ("PATCH", "/items/7", 200), ("OPTIONS", "/items/7", 200), ("PROPFIND", "/plain", 405), ("GET", "/plain/", 307),
        ("GET", "/health", 200), ("GET", "/metrics", 200), ("GET", "/metrics.json", 200), ("GET", "/docs", 200), ("GET", "/openapi.json", 200),
    ):
        await measured.anew()
        mark = measured.mark()

        answer = await measured.request(method, path, mark)

        await measured.api.expect(status, answer)
        notes = await counted(measured, mark, f"{method} {path} was answered with {status}.")
        has_bytes = any(each["size"] for each in found(notes, "out")) and method != "HEAD"  # whose body no client gets
        assert not has_bytes or last_byte(notes, "out")["number"] < found(notes, "leave")[0]["number"], (
            f"{method} {path} was answered with {status}. recorder.leave() was called before its answer had left your middleware: a request is "
            "over when the last byte was passed on, whatever is answered."
        )


async def test_errors_are_counted_out(measured: Measured) -> None:
    """When the endpoint raises, before its answer or in the middle of it, or its background task does, the request is over too."""
    for path, told in (("/raises", "The endpoint of GET /raises raised RuntimeError."),
                       ("/raises-late", "GET /raises-late sent half of its answer and then raised RuntimeError."),
                       ("/background?fails=1", "GET /background was answered, and then its background task raised RuntimeError.")):
        await measured.anew()
        mark = measured.mark()

        await measured.send(path, mark)

        check_error(await counted(measured, mark, told), "RuntimeError", told)


async def test_who_leaves_is_counted_out(measured: Measured) -> None:
    """When the client leaves, before the answer or in the middle of it, the request is over as soon as the application is."""
    mark = measured.mark()
    async with measured.gone_while_it_waits(f"/plain?gate={mark}", mark):
        await measured.go(mark)

    await counted(measured, mark, "The client of GET /plain left before its answer.")

    await measured.anew()
    mark = measured.mark()
    await measured.go(f"{mark}-0")
    async with measured.gone_while_it_waits(f"/stream?gate={mark}", mark):
        await measured.until(mark, "left")  # it notices, and works no more on the next chunk

    await counted(measured, mark, "The client of GET /stream left after the first of three chunks.")


async def test_who_is_canceled_is_counted_out(measured: Measured) -> None:
    """When the server cancels a request because it stops, before the answer, in the middle of it or after it, the request is over."""
    for path, gate, when in (("/plain", "", "before its answer"), ("/stream", "-1", "in the middle of its answer"),
                             ("/background", "", "while its background task ran")):
        await measured.anew()
        mark = measured.mark()
        await measured.go(f"{mark}-0")
        held = measured.send(f"{path}?gate={mark}", mark)
        await measured.until(mark, "waits", gate=f"{mark}{gate}")

        told = f"The task of GET {path} was canceled {when}, as a server does that stops: asyncio.CancelledError, which is no Exception."
        await measured.canceled(mark, told)
        await counted(measured, mark, told)
        await held


async def test_requests_are_counted_each_by_itself(measured: Measured) -> None:
    """While a request is on its way another one comes and goes, or comes and stays: what becomes of the one changes nothing for the other."""
    why = f"Whether it was counted out is known to each request's own call, in a variable there. In `self` all find the last one's.\n{WHY_GAUGE}"
    for path, gate, error in (("/raises", "", "RuntimeError"), ("/raises-late", "", "RuntimeError"), ("/plain", "", "CancelledError"),
                              ("/stream", "-1", "CancelledError")):
        await measured.anew()
        mark, other = measured.mark(), measured.mark()
        await measured.go(f"{mark}-0")
        held = measured.send(f"{path}?gate={mark}", mark)
        await measured.until(mark, "waits", gate=f"{mark}{gate}")
        await measured.get("/plain", other)
        await measured.until(other, "over")
        left = len(await measured.told("leave"))

        ends = "was canceled" if error == "CancelledError" else f"raised {error}"
        told = f"While GET {path} waited in its endpoint, GET /plain came and went; then GET {path} {ends}."
        if error == "CancelledError":
            await measured.canceled(mark, told)
        else:
            await measured.go(mark)
        await held
        check_error(await measured.until(mark, "over"), error, told)
        leaves = [left, len(await measured.told("leave", 2))]
        assert [1, 2] == leaves, f"{told} recorder.leave() had been called {leaves[0]} and then {leaves[1]} times in all, expected 1 and 2.\n{why}"

    for fails, ends in ("", "ended"), ("&fails=1", "raised RuntimeError"):
        await measured.anew()
        mark, other = measured.mark(), measured.mark()
        first = measured.send(f"/background?gate={mark}{fails}", mark)
        await measured.until(mark, "waits")
        await measured.until(mark, "out", more=False)
        second = measured.send(f"/plain?gate={other}", other)
        await measured.until(other, "waits")
        for gate in (mark, f"{mark}-later"):
            await measured.go(gate)
        await first
        await measured.until(mark, "over")
        leaves = [len(await measured.told("leave"))]
        await measured.go(other)
        await second
        await measured.until(other, "over")
        leaves.append(len(await measured.told("leave", 2)))
        assert [1, 2] == leaves, (
            f"The background task of GET /background ran, and GET /plain came and waited in its endpoint. Then the background task {ends}, and after "
            f"that GET /plain was answered. recorder.leave() had been called {leaves[0]} and then {leaves[1]} times in all, expected 1 and 2.\n{why}"
        )


async def test_only_requests_are_counted(measured: Measured) -> None:
    """A WebSocket isn't counted, nor is the service's lifespan."""
    mark = measured.mark()
    await measured.echoed(mark)

    for what in ("enter", "leave"):
        calls = await measured.calls(what)
        assert not calls, (
            f"A WebSocket was open for a while, and recorder.{what}() was called. It may stay open for a day, "
            'so it says nothing of the requests in flight: they are what has scope["type"] == "http".'
        )
    early = await measured.calls_before_any_request()
    assert not early, f"Before the first request came, recorder.{early[0]['what']}() was called: the lifespan is no request."
