"""2.3 · Every request is timed to its last byte, by a clock that only goes forward, and told under its route's template."""

import asyncio
import random
import string
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from dojo.kata import Red, ServiceStarter, exercise
from katas.phase2_observability.measuring import HOLD, PATIENCE, TOLERANCE, Measured, Note, check_error, check_headers, exactly_once, found, last_byte

pytestmark = exercise("2.3", edit="app/middleware.py")

#: When long requests were sent, and each of them by its mark.
Held = tuple[float, dict[str, "asyncio.Task[httpx.Response | None]"]]

HEADER = "x-process-time"
HOUR = 3600.0
#: By how many seconds perf_counter() and monotonic() are apart in the judge's service.
ANOTHER_START = 5000.0
#: For how many seconds long requests are held, and how many there are: one in ten has a time of which rounding to milliseconds leaves two decimals.
LONG, MANY = 1.01, 6
#: What a time may be mistaken for, by how many of it are a second.
UNITS = {1e3: "milliseconds", 1e6: "microseconds", 1e9: "nanoseconds"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lasting(lasting_service: ServiceStarter) -> Measured:
    """The judge's service around the learner's middleware."""
    return await Measured.start(lasting_service, ws=True)


@pytest_asyncio.fixture(loop_scope="session")
async def measured(lasting: Measured) -> Measured:
    """The same, and what its recorder is told from now on."""
    return await lasting.anew()


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def long_ones(lasting: Measured) -> AsyncIterator[Held]:
    """Requests that are held while the others are tested, as nobody wants to wait for them: their marks, and when they were sent."""
    marks = [lasting.mark() for _ in range(MANY)]
    sent = {mark: lasting.send(f"/items/7?gate={mark}", mark, patience=20 * PATIENCE) for mark in marks}
    yield time.perf_counter(), sent
    for request in sent.values():
        request.cancel()


async def observed(measured: Measured, mark: str, told: str) -> tuple[list[Note], Note]:
    """Checks that a request, which is over, was observed exactly once; returns its notes, and what was observed."""
    notes = await measured.until(mark, "over")
    calls = await measured.told("observe")
    exactly_once(calls, "observe", told)
    return notes, calls[0]


def check(what: str, seconds: float, low: float, high: float, why: str) -> None:
    """Checks a time against what the judge's layers saw on both sides of the middleware; all in seconds."""
    # By its relation to the right time, and not by its distance from it: a thousandth of any number is near a short time.
    hint = next((f" It would fit if it were {name}." for factor, name in UNITS.items() if 0.99 * low <= seconds / factor <= 1.01 * high), "")
    if seconds in (round(low, 2), round(high, 2)):
        hint = " Is it rounded? Most requests take less than a hundredth of a second: say at least three decimals."
    if abs(abs(seconds) - ANOTHER_START) < HOUR / 2:
        hint = " Is it the difference of two clocks? time.perf_counter() and time.monotonic() need not count from the same moment: use one of them."
    assert low - TOLERANCE <= seconds <= high + TOLERANCE, (
        f"{what} is {seconds:.6g}. By the judge's clocks on both sides of your middleware it was between {low:.4f} and {high:.4f} s.{hint}\n{why}"
    )


def check_header(value: Any, notes: list[Note], why: str) -> None:
    """Checks an ``X-Process-Time`` against the notes of its request."""
    low = found(notes, "sends", type="http.response.start")[0]["at"] - found(notes, "entered")[0]["at"]
    high = found(notes, "out", type="http.response.start")[0]["at"] - found(notes, "came")[0]["at"]
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise Red(f"X-Process-Time is {value!r}, which is no number of seconds such as 0.012345.\n{why}") from None
    # What str() says of less than a tenth of a millisecond is spelled like that by chance, and not by a format.
    assert "e" not in value.lower() or seconds < 1e-4, (
        f"X-Process-Time is {value!r}. It is a decimal number of seconds such as 0.012345, for people, and for programs that know no exponents: "
        "the format with three decimals is `.3f`."
    )
    check("X-Process-Time", seconds, low, high, why)


def check_seconds(observation: Note, notes: list[Note], why: str, end: Note | None = None, least: bool = True) -> None:
    """Checks observed seconds: from the call of the middleware to the last byte, and not further than to the note ``end``, or the request's end.

    ``least``: whether they may be too few. Where nothing was waited for, that hangs on how busy the machine is.
    """
    seconds = observation["seconds"]
    assert isinstance(seconds, int | float), f"observe() was told {seconds!r} as its seconds, which is no number.\n{why}"
    sent = found(notes, "sends")
    until = last_byte(notes, "sends") if sent else found(notes, "left")[0]
    low = until["at"] - found(notes, "entered")[0]["at"] if least else 0.0
    high = (end or found(notes, "over")[0])["at"] - found(notes, "came")[0]["at"]
    check("The time that observe() was told", seconds, low, high, why)


async def test_a_request_is_observed(measured: Measured) -> None:
    """observe() is called once for a request, with its method, its route's template, its status and its seconds."""
    await asyncio.sleep(HOLD)  # what is timed from anything but its own beginning, such as the request before, is off by this
    mark = measured.mark()
    answer = await measured.get("/items/7", mark)

    await measured.api.expect(200, answer)
    notes, seen = await observed(measured, mark, "GET /items/7 was answered with 200.")
    told = (seen["method"], seen["route"], seen["status"])
    assert ("GET", "/items/{item_id}", 200) == told, (
        f"GET /items/7 was answered with 200, and recorder.observe() was told\n    {told}\nExpected ('GET', '/items/{{item_id}}', 200).\n"
        "The router writes into `scope` which route it took: route_label(scope) knows it once the application was called."
    )
    check_seconds(seen, notes, "It is a number of seconds, from the call of your middleware to the last byte.")


async def test_every_answer_says_how_long_it_took(measured: Measured) -> None:
    """Each answer that passes has one X-Process-Time, whatever its status: a number of seconds."""
    for method, path, status in (("GET", "/plain", 200), ("HEAD", "/plain", 200), ("DELETE", "/items/7", 204), ("GET", "/nowhere", 404),
                                 ("POST", "/plain", 405), ("GET", "/items/seven", 422), ("GET", "/unavailable", 503), ("GET", "/stream", 200),
                                 ("GET", "/same", 200), ("GET", "/same", 200), ("GET", "/plain/", 307)):
        mark = measured.mark()
        answer = await measured.request(method, path, mark)

        await measured.api.expect(status, answer)
        values = answer.headers.get_list(HEADER)
        again = " The endpoint returns the same response object each time: your header must not stay in it." if path == "/same" else ""
        assert 1 == len(values), (
            f"The answer to {method} {path} ({status}) has {len(values)} headers X-Process-Time, expected one.{again}\n"
            "A client that waited wants to know where its time went, above all when it was for an error."
        )
        notes = await measured.notes(mark)
        check_header(values[0], notes, f"It was the answer to {method} {path}.{again}")
        check_headers(notes)


async def test_unknown_paths_share_a_label(measured: Measured) -> None:
    """Whatever paths a scanner tries, what no route takes is one route, "(unknown)"."""
    invented = "".join(random.choices(string.ascii_lowercase, k=8))
    paths = (f"/{invented}", f"/{invented}.php", f"/items/7/{invented}", "/items", "/%2e%2e/%2e%2e/etc/passwd", "//items/7", "/{item_id}",
             f"/{invented * 90}")

    for path in paths:
        answer = await measured.get(path)
        await measured.api.expect(404, answer)

    seen = Counter(each["route"] for each in await measured.told("observe", len(paths)))
    assert {"(unknown)": len(paths)} == seen, (
        f"{len(paths)} paths that no route takes were observed as\n    {dict(seen)}\nExpected (unknown), {len(paths)} times.\n"
        "Each label is a time series with a window of its own: a scanner could fill your memory with them."
    )


async def test_all_answers_are_told_apart(measured: Measured) -> None:
    """Methods, templates and statuses are those of each request, with the prefixes of included and mounted routers."""
    for method, path, route, status in (
        ("HEAD", "/plain", "/plain", 200), ("GET", "/in-a-thread", "/in-a-thread", 200), ("POST", "/upload", "/upload", 200),
        ("DELETE", "/items/7", "/items/{item_id}", 204), ("GET", "/v1/items/7/parts/bolt", "/v1/items/{item_id}/parts/{part}", 200),
        ("GET", "/mounted/things/nut", "/mounted/things/{thing}", 200), ("GET", "/items/seven", "/items/{item_id}", 422),
        ("GET", "/unavailable", "/unavailable", 503), ("GET", "/file", "/file", 200), ("PUT", "/items/7", "/items/{number}", 200),
        ("PATCH", "/items/7", "/items/{number}", 200), ("OPTIONS", "/items/7", "/items/{number}", 200), ("GET", "/health", "/health", 200),
        ("GET", "/metrics", "/metrics", 200), ("GET", "/metrics.json", "/metrics.json", 200), ("GET", "/docs", "(unknown)", 200),
        ("GET", "/openapi.json", "(unknown)", 200), ("GET", "/plain/", "(unknown)", 307), ("POST", "/plain", "/plain", 405),
    ):
        await measured.anew()
        mark = measured.mark()

        answer = await measured.request(method, path, mark)

        await measured.api.expect(status, answer)
        notes, seen = await observed(measured, mark, f"{method} {path} was answered with {status}.")
        told = (seen["method"], seen["route"], seen["status"])
        assert (method, route, status) == told, (
            f"{method} {path} was answered with {status}, and recorder.observe() was told\n    {told}\nExpected {(method, route, status)}.\n"
            "The label is what route_label(scope) says once the application was called."
        )
        check_seconds(seen, notes, f"{method} {path} was answered with {status}.", least=False)


async def test_the_header_is_the_time_until_the_answer_begins(measured: Measured) -> None:
    """X-Process-Time is the time from the call of the middleware to the start of the response."""
    mark = measured.mark()
    held = measured.send(f"/items/7?gate={mark}", mark)
    await measured.until(mark, "waits")
    await asyncio.sleep(HOLD)
    await measured.go(mark)
    answer = await held

    assert answer is not None, "GET /items/7 got no answer."
    await measured.api.expect(200, answer)
    check_header(answer.headers.get(HEADER), await measured.notes(mark), f"The endpoint had waited for {HOLD} s before it answered.")


async def test_times_are_told_to_the_millisecond(measured: Measured) -> None:
    """A request of about five milliseconds took about five, by the header and by the sample: not none, nor a hundredth of a second."""
    why = "The endpoint of GET /brief waits for 4 ms. Rounded to hundredths of a second, a quick service has no times at all."
    for _ in range(3):  # on a busy machine one of them may take a round time
        await measured.anew()
        mark = measured.mark()
        answer = await measured.get("/brief", mark)

        await measured.api.expect(200, answer)
        notes, seen = await observed(measured, mark, "GET /brief was answered with 200.")
        check_header(answer.headers.get(HEADER), notes, why)
        check_seconds(seen, notes, why)


async def test_the_sample_reaches_to_the_last_byte(measured: Measured) -> None:
    """observe() is told the time to the last byte: a stream that took its time between two chunks took that time."""
    mark = measured.mark()
    streaming = measured.send(f"/stream?gate={mark}", mark)
    for number_of_chunks in range(3):
        await measured.until(mark, "waits", gate=f"{mark}-{number_of_chunks}")
        await asyncio.sleep(HOLD)
        await measured.go(f"{mark}-{number_of_chunks}")
    answer = await streaming

    assert answer is not None, "GET /stream got no answer."
    notes, seen = await observed(measured, mark, "GET /stream was answered with three chunks.")
    began, second = found(notes, "out", type="http.response.start")[0], found(notes, "waits", gate=f"{mark}-1")[0]
    assert began["number"] < second["number"], (
        "The response to GET /stream had left your middleware only after the application had sent all of it. What the header says is the time "
        "until the response starts, so that it can start: a stream that is kept back for a header is none."
    )
    check_header(answer.headers.get(HEADER), notes, "It was a stream: the first chunk was ready long before the last.")
    check_seconds(seen, notes, f"The application had waited for {HOLD} s before each of three chunks. `app` and `send` are called for all of "
                               "them; with BaseHTTPMiddleware, call_next() returns when the answer begins.")


async def test_an_upload_is_part_of_the_time(measured: Measured) -> None:
    """A client that sends the body of its request slowly is being served: the time begins when the middleware is called, not with the last of it."""
    mark = measured.mark()
    await measured.uploaded_in_halves(mark, HOLD)

    notes, seen = await observed(measured, mark, "POST /upload was answered with 200.")
    why = f"The second half of its body came {HOLD} s after the first."
    check_seconds(seen, notes, why)
    headers = dict(found(notes, "out", type="http.response.start")[0]["headers"])
    check_header(headers.get(HEADER), notes, f"It was the answer to POST /upload. {why}")


async def test_a_slow_client_is_part_of_the_time(measured: Measured) -> None:
    """While a client doesn't read what it gets, its request is on its way: the time reaches to the last byte that was passed on."""
    mark = measured.mark()
    held = measured.send(f"/plain?slow={mark}", mark)
    await measured.until(mark, "held")
    await asyncio.sleep(HOLD)
    await measured.go(mark)
    answer = await held

    assert answer is not None, "GET /plain got no answer."
    await measured.api.expect(200, answer)
    notes, seen = await observed(measured, mark, "GET /plain was answered with 200.")
    check_seconds(seen, notes, f"Its client didn't read for {HOLD} s, so the server's `send` waited with the start of the answer. Whoever reads "
                               "slowly occupies the service, and shows in the samples: else nobody learns why it is busy.")


async def after_the_answer(measured: Measured, query: str, became: str, error: str = "") -> None:
    """Checks a request whose background task runs for a while and then ends, as ``became`` says; ``error`` is what it raises."""
    mark = measured.mark()
    told = f"GET /background was answered with 200; then its background task {became}."
    held = measured.send(f"/background?gate={mark}{query}", mark)
    await measured.until(mark, "waits")
    await measured.until(mark, "out", more=False)
    await asyncio.sleep(HOLD)
    await measured.go(mark)  # by now a right clock has stopped, and a wrong one has as much again to run
    await measured.until(mark, "waits", gate=f"{mark}-later")
    await asyncio.sleep(HOLD)
    if error == "CancelledError":
        await measured.canceled(mark, told)
    else:
        await measured.go(f"{mark}-later")
    await held

    notes, seen = await observed(measured, mark, told)
    assert ("/background", 200) == (seen["route"], seen["status"]), (
        f"{told} observe() was told {seen['route']}, {seen['status']}. The status is the one that was sent; the client has it already."
    )
    check_seconds(seen, notes, f"{told} It had run for {2 * HOLD} s, and the client had its answer before: the last byte was the "
                               "http.response.body without more_body.", end=found(await measured.notes("judge"), "go", gate=mark)[0])
    if error:
        check_error(notes, error, told)


async def test_work_after_the_answer_is_not_counted(measured: Measured) -> None:
    """A background task runs after the answer was sent, so it is no part of the time that a client waited."""
    await after_the_answer(measured, "", "ended")


async def test_errors_are_timed_too(measured: Measured) -> None:
    """When the endpoint raises, that is a 500; when it raises in the middle of its answer, the status that was sent stays."""
    for path, status, what in (("/raises", 500, "raised RuntimeError, which the client gets as a 500"),
                               ("/raises-late", 200, "sent status 200 and half of its answer, and then raised RuntimeError")):
        await measured.anew()
        mark = measured.mark()
        held = measured.send(f"{path}?gate={mark}", mark)
        for gate in ([f"{mark}-0", mark] if path == "/raises-late" else [mark]):
            await measured.until(mark, "waits", gate=gate)
            await asyncio.sleep(HOLD)
            await measured.go(gate)
        await held

        notes, seen = await observed(measured, mark, f"The endpoint of GET {path} {what}.")
        told = (seen["method"], seen["route"], seen["status"])
        expected = ("GET", path, status)
        assert expected == told, f"The endpoint of GET {path} {what}. recorder.observe() was told\n    {told}\nExpected {expected}."
        check_error(notes, "RuntimeError", f"The endpoint of GET {path} raised RuntimeError.")
        check_seconds(seen, notes, f"The endpoint of GET {path} {what}. An error that took long is one that somebody waited for.")


async def test_who_does_not_stay_is_observed(measured: Measured) -> None:
    """A client that leaves, before the answer or in the middle of it, is a request like others; so is one that the server cancels."""
    mark = measured.mark()
    async with measured.gone_while_it_waits(f"/plain?gate={mark}", mark):
        await measured.go(mark)
    _, seen = await observed(measured, mark, "The client of GET /plain left before its answer.")
    assert ("/plain", 200) == (seen["route"], seen["status"]), (
        f"The client of GET /plain left, and the application answered with 200 for all that; observe() was told {seen['route']}, {seen['status']}."
    )

    await measured.anew()
    mark = measured.mark()
    await measured.go(f"{mark}-0")
    async with measured.gone_while_it_waits(f"/stream?gate={mark}", mark):
        await measured.until(mark, "left")
    notes, seen = await observed(measured, mark, "The client of GET /stream left after the first of three chunks.")
    assert ("/stream", 200) == (seen["route"], seen["status"]), (
        f"GET /stream had sent status 200 when its client left; observe() was told {seen['route']}, {seen['status']}."
    )
    check_seconds(seen, notes, "The client of GET /stream left after the first of three chunks.")

    await measured.anew()
    mark = measured.mark()
    await measured.go(f"{mark}-0")
    held = measured.send(f"/stream?gate={mark}", mark)
    await measured.until(mark, "waits", gate=f"{mark}-1")
    await measured.cancel(mark)
    told = "The task of GET /stream was canceled after the first of three chunks, as a server does that stops."
    notes, seen = await observed(measured, mark, told)
    await held
    assert ("/stream", 200) == (seen["route"], seen["status"]), (
        f"{told} Status 200 had been sent by then; observe() was told {seen['route']}, {seen['status']}."
    )
    check_error(notes, "CancelledError", told)
    check_seconds(seen, notes, told)

    await measured.anew()
    mark = measured.mark()
    held = measured.send(f"/plain?gate={mark}", mark)
    await measured.until(mark, "waits")
    await measured.cancel(mark)
    notes, seen = await observed(measured, mark, "The task of GET /plain was canceled before its answer, as a server does that stops.")
    await held
    assert isinstance(seen["status"], int), (
        f"The task of GET /plain was canceled before its answer, and observe() was told the status {seen['status']!r}. It is a number, also when "
        "nobody gets it: 500, as for any other exception."
    )
    check_error(notes, "CancelledError", "The task of GET /plain was canceled, as a server does that stops.")
    check_seconds(seen, notes, "The task of GET /plain was canceled before its answer.")


async def test_work_after_the_answer_may_fail(measured: Measured) -> None:
    """A background task that raises, or is canceled, makes no other request of it: one sample, with the time and the status that the client got."""
    await after_the_answer(measured, "&fails=1", "raised RuntimeError", "RuntimeError")
    await measured.anew()
    await after_the_answer(measured, "", "was canceled", "CancelledError")


async def test_a_clock_that_is_set_anew_changes_nothing(measured: Measured) -> None:
    """While a request is on its way the time of day is set back or forward, by an hour or by a second; its times are as ever."""
    for before_the_answer, after_it in ((-HOUR, HOUR), (HOUR, -HOUR), (1.0, 1.0)):
        await measured.anew()
        mark = measured.mark()
        streaming = measured.send(f"/stream?gate={mark}", mark)
        try:
            for number_of_chunks, ahead in enumerate((before_the_answer, after_it, after_it)):
                await measured.until(mark, "waits", gate=f"{mark}-{number_of_chunks}")
                await measured.set_clock(ahead)
                await asyncio.sleep(0 if number_of_chunks else HOLD)  # a header of 0, because it would be negative, isn't right either
                await measured.go(f"{mark}-{number_of_chunks}")
            answer = await streaming
        finally:
            await measured.set_clock(0)

        assert answer is not None, "GET /stream got no answer, or only a part of it."
        why = (f"Before the answer began, the service's time of day was set {'forward' if before_the_answer > 0 else 'back'} by "
               f"{abs(before_the_answer):g} s, as a person or a time server does. A monotonic clock doesn't care.")
        notes, seen = await observed(measured, mark, "The time of day was set anew during GET /stream.")
        check_header(answer.headers.get(HEADER), notes, why)
        check_seconds(seen, notes, why)


async def test_requests_share_nothing(measured: Measured) -> None:
    """Requests that are on their way at the same time have each its own times, method, route and status."""
    first, second, third, failing, answered = (measured.mark() for _ in range(5))

    async def check_own(mark: str, expected: tuple[str, str, int], told: str, end: Note | None = None) -> None:
        notes, seen = await observed(measured, mark, f"{told}.")
        was = (seen["method"], seen["route"], seen["status"])
        why = (f"{told}; others came and went meanwhile. What belongs to one request lies in a variable of its own call, not in `self`, nor under "
               "a key that others have too: behind a proxy all have the same scope[\"client\"].")
        assert expected == was, f"recorder.observe() was told\n    {was}\nExpected {expected}. {why}"
        check_seconds(seen, notes, why, end)

    await measured.go(f"{first}-0")
    await measured.go(f"{first}-1")
    await measured.go(f"{second}-0")
    running = [measured.send(f"/stream?gate={first}", first)]
    await measured.until(first, "waits", gate=f"{first}-2")
    running.append(measured.send(f"/background?gate={answered}", answered))
    await measured.until(answered, "waits")
    await measured.until(answered, "out", more=False)
    await asyncio.sleep(HOLD)  # by now a right clock has stopped
    running.append(measured.send(f"/stream?gate={second}", second))
    await measured.until(second, "waits", gate=f"{second}-1")
    running.append(measured.send(f"/plain?gate={third}", third, "HEAD"))
    await measured.until(third, "waits")
    failed = measured.send(f"/raises?gate={failing}", failing)
    await measured.until(failing, "waits")
    await asyncio.sleep(HOLD)
    for gate in (answered, f"{answered}-later"):
        await measured.go(gate)
    await check_own(answered, ("GET", "/background", 200), "GET /background was answered before others came, and its background task ran on",
                    found(await measured.notes(second), "came")[0])
    await measured.anew()
    await measured.get("/unavailable")  # has come last, and is over before the others
    await measured.told("observe")
    await asyncio.sleep(HOLD)  # whoever finds the end of that one is off by this

    for mark, gates, expected, told in (
        (failing, (failing,), ("GET", "/raises", 500), "GET /raises came, and raised RuntimeError once one that came later was over"),
        (first, (f"{first}-2",), ("GET", "/stream", 200), "A first GET /stream came"),
        (third, (third,), ("HEAD", "/plain", 200), "HEAD /plain came after two GET /stream"),
        (second, (f"{second}-1", f"{second}-2"), ("GET", "/stream", 200), "A second GET /stream came while the first one was on its way"),
    ):
        await measured.anew()
        for gate in gates:
            await measured.go(gate)
        await check_own(mark, expected, told)
    await failed
    answers = await asyncio.gather(*running)
    assert [200] * 4 == [answer and answer.status_code for answer in answers], "Four requests should have been answered with 200."
    check_header(answers[3].headers.get(HEADER) if answers[3] else None, await measured.notes(third), "HEAD /plain came after two GET /stream.")


async def test_only_requests_are_observed(measured: Measured) -> None:
    """A WebSocket is no sample, nor is the service's lifespan."""
    mark = measured.mark()
    await measured.echoed(mark)

    calls = found([*await measured.calls_before_any_request(), *await measured.calls("observe")], "observe")
    assert not calls, (
        f"recorder.observe() was told of what is no HTTP request: {calls[0]['method']} {calls[0]['route']}. "
        "A WebSocket that was open for a day would be the slowest request for a long time."
    )


async def test_long_times_are_told_to_the_millisecond(measured: Measured, long_ones: Held) -> None:
    """X-Process-Time has at least three decimals also when a request has taken more than a second."""
    since, sent = long_ones
    for mark in sent:
        await measured.until(mark, "waits")
    await asyncio.sleep(since + LONG - time.perf_counter())
    values = []
    for mark, request in sent.items():
        await measured.go(mark)
        answer = await request
        assert answer is not None, "GET /items/7, which was held for a second, got no answer."
        await measured.api.expect(200, answer)
        values.append(str(answer.headers.get(HEADER)))
        if values[-1].count("."):
            check_header(values[-1], await measured.notes(mark), "Three digits are no three decimals: the format of these is `.3f`, not `.3`.")
    assert any(len(value.partition(".")[2]) >= 3 for value in values), (
        f"Of {MANY} requests that took more than a second each, X-Process-Time was {', '.join(values)}.\nExpected at least three decimals, however "
        "long it took: the format of these is `.3f`. In `.3` all digits count, also those before the point."
    )
    await measured.told("observe", MANY)
