"""How exercises 2.1 to 2.3 look at the learner's middleware: from both of its sides, under a real server."""

import asyncio
import contextlib
import itertools
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import websockets

from dojo.kata import Red, Service, ServiceStarter, beside, plural
from dojo.workspace import SOLUTIONS

APP = beside(__file__, "_measured_app.py", "app")
#: Ends a wait for what never comes, in seconds.
PATIENCE = 5.0
#: How often the service has answered, and for how many seconds it could, until what hasn't been told isn't expected any more.
LOOKS, LOOKING = 25, 1.0
#: For how long the judge holds what is timed, in seconds; the service's own clock says how long it really was.
HOLD = 0.06
#: How far off a time may be, in seconds: it may be rounded to milliseconds, and some systems' clocks go in steps of 16 ms. There is no
#: allowance for a busy machine: the judge's layers read their clocks before and after the middleware does, however long it has to wait.
TOLERANCE = 0.001 + max(time.get_clock_info(name).resolution for name in ("monotonic", "perf_counter"))
#: How many requests wait at the same time.
CROWD = 50

#: The two halves of an upload. The second one is bytes as of a picture, which nobody can decode.
HALVES = b"half", b" \x89\xff\r\n\x00!"

Note = dict[str, Any]


class Measured:
    """The judge's service around the learner's middleware."""

    def __init__(self, api: Service) -> None:
        self.api = api
        self._numbers = itertools.count(1)
        self._notes: list[Note] = []
        self._since = 0

    @classmethod
    async def start(cls, service: ServiceStarter, **options: Any) -> "Measured":
        """The service, started. Of the learner's files only app/middleware.py is used."""
        given = {f"app/{name}.py": Path(SOLUTIONS, f"app/{name}.py").read_text(encoding="utf-8") for name in ("metrics", "recorder")}
        return cls(await service(app=APP, options={"overlay": given, **options}))

    async def anew(self) -> "Measured":
        """The same, but what its recorder was told so far isn't looked at any more."""
        self._since = len(await self.notes())
        return self

    def mark(self) -> str:
        """A name for a request, by which its notes are found, and for its gate."""
        return f"{next(self._numbers)}-{secrets.token_hex(3)}"

    # -- requests

    async def request(self, method: str, path: str, mark: str = "", **options: Any) -> httpx.Response:
        """The answer to a request that is marked."""
        return await self.api.request(method, path, headers={"x-judge": mark or self.mark(), **options.pop("headers", {})}, **options)

    async def get(self, path: str, mark: str = "") -> httpx.Response:
        """The answer to a GET request that is marked."""
        return await self.request("GET", path, mark)

    async def at_most(self, mark: str, most: int, what: str) -> list[Note]:
        """The notes with ``what`` of a request once there are more than ``most``, or no more are to be expected."""
        for _ in range(LOOKS):  # each look gives the service's event loop a turn
            if len(notes := found(await self.notes(mark), what)) > most:
                break
        return notes

    def send(self, path: str, mark: str, method: str = "GET", patience: float = 2 * PATIENCE,
             content: bytes | None = None) -> "asyncio.Task[httpx.Response | None]":
        """A marked request on its way, until it has its answer; None for one that breaks off or is never answered."""

        async def ask() -> httpx.Response | None:
            try:
                return await self.api.client.request(method, path, headers={"x-judge": mark}, timeout=patience, content=content)
            except httpx.HTTPError:
                return None

        return asyncio.create_task(ask())

    @contextlib.asynccontextmanager
    async def stream(self, path: str, mark: str, why: str = "") -> AsyncIterator[httpx.Response]:
        """The answer to a GET request, of which only the head was read; whoever leaves hangs up. ``why`` it has to begin."""
        path_only = path.partition("?")[0]
        try:
            async with self.api.client.stream("GET", path, headers={"x-judge": mark}, timeout=PATIENCE) as answer:
                yield answer
        except httpx.TimeoutException:
            raise Red(f"The answer to GET {path_only} did not go on within {PATIENCE:g} s, the patience limit. {reached(await self.notes(mark))}\n"
                      f"{why}") from None
        except httpx.HTTPError as error:
            raise Red(f"GET {path_only} got no valid answer: {type(error).__name__} {error}. {reached(await self.notes(mark))}\n{why}") from None

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A plain connection, which is closed by whoever leaves."""
        where = urlsplit(self.api.url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def uploaded_in_halves(self, mark: str, pause: float = 0.0) -> str:
        """The answer's body to POST /upload, whose first half comes once the application was called, and the second one ``pause`` seconds after
        the endpoint had read the first.
        """
        first, second = HALVES
        async with self.connection() as (reader, writer):
            head = f"POST /upload HTTP/1.1\r\nHost: judge\r\nX-Judge: {mark}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            writer.write(head.encode())
            await self.until(mark, "entered", "The head of POST /upload had come, and nothing of its body yet. A request reaches the application as "
                                              "soon as the server calls for it: whether its body is waited for is decided there.")
            writer.write(b"%X\r\n%b\r\n" % (len(first), first))
            await self.until(mark, "uploaded", size=len(first))
            await asyncio.sleep(pause)
            writer.write(b"%X\r\n%b\r\n0\r\n\r\n" % (len(second), second))
            try:
                answer = await asyncio.wait_for(reader.read(), PATIENCE)
            except TimeoutError:
                raise Red(f"POST /upload got no answer in {PATIENCE:g} s, the patience limit. {reached(await self.notes(mark))}") from None
        return answer.partition(b"\r\n\r\n")[2].decode()

    @contextlib.asynccontextmanager
    async def gone_while_it_waits(self, path: str, mark: str) -> AsyncIterator[None]:
        """A GET request whose client has left once its endpoint waited."""
        async with self.connection() as (_, writer):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: judge\r\nX-Judge: {mark}\r\n\r\n".encode())
            await self.until(mark, "waits")
        yield

    async def echoed(self, mark: str) -> None:
        """Opens a marked WebSocket, which says a word, hears it again, and is closed by its client."""
        try:
            async with asyncio.timeout(PATIENCE), self.socket(mark) as socket:
                await socket.send("text")
                await socket.recv()
        except (websockets.WebSocketException, OSError, TimeoutError) as error:
            raise Red(f"A client opened a WebSocket, and it failed: {type(error).__name__} {error}. {reached(await self.notes(mark))}\n"
                      "Whatever is no HTTP request goes to `app` as it is, as in 2.1.") from None
        await self.until(mark, "over", "It was a WebSocket that its client has closed, of which the application has to hear: "
                                       "a websocket.disconnect comes by `receive`.")

    def socket(self, mark: str, query: str = "") -> websockets.connect:
        """A client's WebSocket to the endpoint that echoes."""
        address = f"{self.api.url.replace('http', 'ws', 1)}/socket{query}"
        return websockets.connect(address, subprotocols=[websockets.Subprotocol("kata")], additional_headers={"x-judge": mark},
                                  compression=None, proxy=None)

    # -- what the judge does past the middleware

    async def go(self, gate: str) -> None:
        """Lets those go that wait at ``gate``."""
        await self.api.get(f"/judge/go/{gate}")

    async def cancel(self, mark: str) -> None:
        """Cancels a request's task, as a server does that stops."""
        await self.api.get(f"/judge/cancel/{mark}")

    async def what_left_the_start(self) -> str:
        """The name of the exception that leaves a middleware around an application that can't start; empty when none does."""
        return str((await self.api.get("/judge/start")).json())

    async def set_clock(self, ahead: float) -> None:
        """Sets the service's time of day, in seconds ahead of the true one."""
        await self.api.get(f"/judge/clock/{ahead}")

    # -- notes

    async def notes(self, mark: str = "") -> list[Note]:
        """All notes, or those of one request, in the order of their happening."""
        self._notes += (await self.api.get(f"/judge/notes/{len(self._notes)}")).json()
        return [each for each in self._notes if mark in ("", each["request"])]

    async def calls(self, *what: str) -> list[Note]:
        """What the recorder was told since `anew`: the calls of the functions named ``what``."""
        return [each for each in (await self.notes())[self._since:] if each["what"] in what and each["request"] == "recorder"]

    async def calls_before_any_request(self) -> list[Note]:
        """What the recorder was told before the first request came."""
        before = itertools.takewhile(lambda each: each["what"] != "came" or each["request"] == "lifespan", await self.notes())
        return [each for each in before if each["request"] == "recorder"]

    async def until(self, mark: str, what: str, why: str = "", **more: Any) -> list[Note]:
        """The notes of a request once there is one with ``what`` (and ``more``); raises `Red` when there never is, and says ``why`` it should be."""
        until = time.perf_counter() + PATIENCE
        while not found(notes := await self.notes(mark), what, **more):
            if time.perf_counter() > until:
                raise Red(f"A request was sent and never came {MEANING[what]}, though the judge waited for {PATIENCE:g} s, its patience limit. "
                          f"{reached(notes)}\n{why}".strip())
            await asyncio.sleep(0.003)
        return notes

    async def canceled(self, mark: str, told: str) -> list[Note]:
        """The notes of a request that is canceled and over by now; ``told`` is what happened to it. Raises `Red` when its endpoint goes on."""
        await self.cancel(mark)
        await self.until(mark, "left", f"{told} The application has to hear of it too: shielded, it goes on for nobody.")
        notes = await self.until(mark, "over")
        check_error(notes, "CancelledError", told)
        return notes

    async def told(self, what: str, count: int = 1) -> list[Note]:
        """As `calls`, once there are ``count`` of them, or no more are to be expected."""
        until = time.perf_counter() + LOOKING
        for look in itertools.count():  # a middleware may tell it on another thread, or when a generator is closed
            calls = await self.calls(what)
            if len(calls) >= count or (look >= LOOKS and time.perf_counter() > until):
                break
            await asyncio.sleep(0.003)
        return calls


#: What a note says, for a message.
MEANING = {
    "came": "to the server", "entered": "to the endpoint's side of your middleware", "waits": "to where its endpoint waits", "over": "to its end",
    "uploaded": "to where its endpoint had read the first half of its body", "heard": "to where its endpoint heard that the client is gone",
    "out": "to where an answer leaves the middleware", "held": "to where an answer leaves for its client",
    "sent": "to where its endpoint has sent its answer", "left": "to the end of its endpoint",
}


def reached(notes: list[Note]) -> str:
    """How far a request came, by its notes."""
    error = next((each.get("error") for each in notes if each["what"] == "over"), None)
    last = {"over": f"It was over by then{f', with a {error}' if error else ''}.", "out": "A part of the answer had left your middleware.",
            "sent": "Your `send` had taken what the endpoint sent.", "sends": "Its endpoint's answer stood at your `send`.",
            "waits": "Its endpoint had begun.", "entered": "It had reached `app`."}
    whats = [each["what"] for each in notes]
    if "entered" not in whats:
        return "It never reached `app`."
    return next(last[what] for what in reversed(whats) if what in last)


def found(notes: list[Note], what: str, **more: Any) -> list[Note]:
    """The notes with ``what`` and ``more``."""
    return [each for each in notes if each["what"] == what and all(each.get(name) == value for name, value in more.items())]


def last_byte(notes: list[Note], what: str) -> Note:
    """The note of the last part of an answer that had any bytes, or of its start when none had; ``what``: where it was seen."""
    parts = found(notes, what)
    return next((part for part in reversed(parts) if part["size"]), next(part for part in parts if "status" in part))


def exactly_once(calls: list[Note], what: str, told: str) -> None:
    """Checks that the recorder was told of one request once; ``told`` is what happened to the request."""
    assert calls, f"{told} recorder.{what}() was never called."
    assert 1 == len(calls), f"{told} recorder.{what}() was called {plural(len(calls), 'time')}, expected once."


def check_error(notes: list[Note], expected: str, told: str) -> None:
    """Checks that the exception which left the application has left the middleware too; ``told`` is what happened to the request."""
    over = found(notes, "over")[0]
    error = over.get("error")
    why = "The layers outside turn it into an answer 500, log it, or send it to an error tracker: swallowed, it never happened."
    if expected == "CancelledError":
        why = "Whoever cancels a task has to learn that it is canceled: asyncio.CancelledError is passed on like any other."
    assert expected == error, f"{told} What left the middleware was {error or 'no exception'}, expected {expected}.\n{why}"
    # Canceled once more, a task that somebody waits for ends with a CancelledError of its own.
    assert over["same"] or expected == "CancelledError", (
        f"{told} What left the middleware was another {error}, not the one that came.\n"
        "Who handles it outside wants it as it was raised, with what it carries: pass it on with `raise`, or don't catch it at all."
    )


def check_headers(notes: list[Note], own: str = "x-process-time") -> None:
    """Checks that an answer has left the middleware with the headers with which it came, and with none beside them but the middleware's ``own``."""
    given, left = ([tuple(pair) for pair in found(notes, what, type="http.response.start")[0]["headers"]] for what in ("sends", "out"))
    given, left = ([pair for pair in pairs if pair[0] != own] for pairs in (given, left))
    lost, added = Counter(given) - Counter(left), Counter(left) - Counter(given)
    assert not lost, (
        f"The application sent these headers, which the client doesn't get:\n    {told_headers(lost)}\n"
        "Headers are a list of pairs, and a name may be there more than once, as Set-Cookie is: a dict keeps only the last."
    )
    assert not added, f"The client gets these headers, which the application didn't send:\n    {told_headers(added)}"


def told_headers(headers: Counter[tuple[str, ...]]) -> str:
    """Headers as they stand in an answer."""
    return "\n    ".join(f"{name}: {value}" for name, value in headers.elements())
