"""A service of the judge's around the learner's `TimingMiddleware`: it notes what goes in and out on both sides of it.

    client ─ Outside ─ TimingMiddleware ─ Inside ─ endpoints

All notes stand in one list, so the order of events needs no clock. Under ``/judge/`` the judge reads
the notes, opens gates at which endpoints wait, and cancels requests; nothing of that passes the middleware.
"""

import asyncio
import builtins
import datetime
import json
import time
import timeit
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

# -- a time of day that can be set, for whoever is imported from now on; the monotonic clocks stay as they are

_time, _time_ns = time.time, time.time_ns
_ahead = 0.0
#: By so many seconds perf_counter() and monotonic() are apart.
ANOTHER_START = 5000


class _Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> datetime.datetime:
        return cls.now(datetime.UTC).replace(tzinfo=None)


def _of_day(clock: int) -> bool:
    # International atomic time is the time of day without leap seconds: who sets one sets the other.
    return clock in (getattr(time, name) for name in ("CLOCK_REALTIME", "CLOCK_TAI") if hasattr(time, name))


time.time = lambda: _time() + _ahead
time.time_ns = lambda: _time_ns() + int(_ahead * 1e9)
# From where perf_counter() counts is undefined, and on many systems it isn't from where monotonic() does: two readings make a time
# only when they are of one clock.
_perf_counter, _perf_counter_ns = time.perf_counter, time.perf_counter_ns
time.perf_counter = timeit.default_timer = lambda: _perf_counter() + ANOTHER_START
time.perf_counter_ns = lambda: _perf_counter_ns() + ANOTHER_START * 10**9
if hasattr(time, "clock_gettime"):
    _gettime, _gettime_ns = time.clock_gettime, time.clock_gettime_ns
    time.clock_gettime = lambda clock: _gettime(clock) + (_ahead if _of_day(clock) else 0)
    time.clock_gettime_ns = lambda clock: _gettime_ns(clock) + (int(_ahead * 1e9) if _of_day(clock) else 0)
datetime.datetime = _Datetime  # type: ignore[misc]

from app.middleware import TimingMiddleware  # noqa: E402
from app.recorder import Recorder, route_label  # noqa: E402

NOTES: list[dict[str, Any]] = []
GATES: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
TASKS: dict[str, Any] = {}
#: What has left the application, by the mark of its connection.
RAISED: dict[str, BaseException] = {}
#: How many chunks a stream has that nobody waits for.
MANY = 40
#: The header by which the judge tells its requests apart.
MARK = b"x-judge"
#: A key that no specification names, as servers and layers outside put some into a scope for whoever is inside.
OWN_KEY = "judge.own"
#: What Outside sets, and whoever runs inside of it should find.
around: ContextVar[str] = ContextVar("around", default="")


def note(mark: str, what: str, **more: Any) -> None:
    NOTES.append({"number": len(NOTES), "request": mark, "what": what, "at": time.perf_counter(), **more})


def mark_of(scope: Any) -> str:
    """The mark of the judge's that a connection carries; else its type."""
    return next((value.decode() for name, value in scope.get("headers", ()) if name == MARK), str(scope["type"]))


def query(scope: Any, name: str) -> str:
    """The value of a query parameter; empty when there is none."""
    return parse_qs(scope.get("query_string", b"").decode()).get(name, [""])[0]


def told(scope: Any) -> dict[str, Any]:
    """What of a scope has to pass unchanged, as plain data."""
    names = ("type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path", "headers", "client", "server",
             "subprotocols", OWN_KEY)
    plain = {name: repr(scope[name]) for name in names if name in scope}
    inner = {f"{name}[{key!r}]": repr(value) for name in ("extensions", "state") for key, value in (scope.get(name) or {}).items()}
    return plain | inner


def summary(message: Any) -> dict[str, Any]:
    kept = {"type": message["type"], "size": len(message.get("body") or b""), "more": bool(message.get("more_body"))}
    if message["type"] not in ("http.response.start", "http.response.body"):
        kept["whole"] = repr(sorted(message.items()))
    if "status" in message:
        kept["status"] = message["status"]
        kept["headers"] = [[bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1")] for name, value in message.get("headers", ())]
    return kept


class NotingRecorder(Recorder):
    """Notes what it is told, by whomever and on whatever thread; it keeps no latencies, which belong to another exercise."""

    def enter(self) -> None:
        note("recorder", "enter")
        super().enter()

    def leave(self) -> None:
        note("recorder", "leave")
        super().leave()

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        note("recorder", "observe", method=method, route=route, status=status, seconds=seconds)


class Outside:
    """What the server sees of the service."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path.startswith("/judge/"):
            await self.judge(path.split("/")[2:], send)
            return
        mark = mark_of(scope)
        if "client" in scope:  # a server behind a proxy says so of all requests, or of none: what is in a connection tells nobody apart
            scope["client"] = ("203.0.113.7", 0)
        scope[OWN_KEY] = mark
        around.set(mark)
        TASKS[mark] = asyncio.current_task()
        if path in ("/file", "/trailers"):  # as some servers do
            more = ("http.response.pathsend", "http.response.early_hint", "http.response.trailers")
            scope["extensions"] = {**scope.get("extensions", {}), **{name: {} for name in more}}
        if scope["type"] == "http":
            scope["type"] = "".join(["ht", "tp"])  # equal to "http", and another object: `is` would be right by chance

        async def noted(message: Any) -> None:
            if message["type"] == "http.response.start":  # whose headers may be any iterable, also one that can be gone through only once
                message = {**message, "headers": list(message.get("headers", ()))}
            if scope["type"] == "http":
                note(mark, "out", **summary(message))
                if slow := query(scope, "slow"):  # as a server does while a client doesn't read what it has got
                    note(mark, "held", gate=slow)
                    await GATES[slow].wait()
                if message.get("body") and query(scope, "breaks"):  # as ASGI has it since version 2.4, once the client is gone
                    raise ConnectionResetError("the client is gone")
            if message["type"] in ("http.response.early_hint", "http.response.trailers"):
                return
            if message["type"] == "http.response.pathsend":
                message = {"type": "http.response.body", "body": Path(message["path"]).read_bytes()}
            await send(message)

        async def received() -> Any:
            message = await receive()
            if scope["type"] == "http":
                note(mark, "in", type=message["type"], size=len(message.get("body") or b""))
            return message

        note(mark, "came", scope=told(scope))
        try:
            await self.app(scope, received, noted)
        except BaseException as error:
            note(mark, "over", error=type(error).__name__, same=error is RAISED.get(mark))
            raise
        note(mark, "over")

    async def judge(self, asked: list[str], send: Any) -> None:
        """``notes/<from which number>``, ``go/<gate>``, ``cancel/<mark>``, ``clock/<seconds ahead>``, ``start``."""
        global _ahead
        found: Any = []
        match asked:
            case ["notes", since]:
                found = NOTES[int(since):]
            case ["go", gate]:
                note("judge", "go", gate=gate)
                GATES[gate].set()
            case ["cancel", mark]:
                TASKS[mark].cancel()
            case ["clock", seconds]:
                _ahead = float(seconds)
            case ["start"]:
                found = await what_left_the_start()
        body = json.dumps(found, default=repr).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})


async def what_left_the_start() -> str:
    """The name of what leaves a middleware around an application that can't start; empty when nothing does."""

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("the application can't start")

    async def nothing(*message: Any) -> Any:
        raise AssertionError("the application asked for nothing")

    scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    try:
        await TimingMiddleware(failing, recorder=Recorder(10))(scope, nothing, nothing)
    except Exception as error:
        return type(error).__name__
    return ""


class Inside:
    """What the endpoints see of their callers."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        mark = mark_of(scope)

        async def noted(message: Any) -> None:
            if scope["type"] == "http":
                note(mark, "sends", body=bytes(message.get("body") or b"").hex(), **summary(message))
            await send(message)
            if scope["type"] == "http":
                note(mark, "sent", **summary(message))

        note(mark, "entered", scope=told(scope), around=around.get())
        try:
            await self.app(scope, receive, noted)
        except BaseException as error:
            RAISED[mark] = error
            raise
        finally:
            note(mark, "left", label=route_label(scope))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
    note("lifespan", "started up")
    yield {"model": "loaded"}
    print("judge: shut down")


app = FastAPI(lifespan=lifespan, middleware=[Middleware(Outside), Middleware(TimingMiddleware, recorder=NotingRecorder(10)), Middleware(Inside)])
router = APIRouter(prefix="/items")
mounted = FastAPI(docs_url=None, redoc_url=None)
SAME = JSONResponse({"always": "the same object"})


async def wait(request: Request, gate: str) -> None:
    """Until the judge opens the gate; without a name it is open."""
    if gate:
        note(mark_of(request.scope), "waits", gate=gate)
        await GATES[gate].wait()


@app.api_route("/plain", methods=["GET", "HEAD"])
async def plain(request: Request, gate: str = "") -> JSONResponse:
    await wait(request, gate)
    answer = JSONResponse({"hello": "world"}, headers={"X-Own": "kept"})
    answer.set_cookie("first", "1")
    answer.set_cookie("second", "2")
    return answer


@app.get("/in-a-thread")
def in_a_thread() -> dict[str, bool]:
    return {"thread": True}


@app.get("/items/{item_id}")
async def item(request: Request, item_id: int, gate: str = "") -> dict[str, int]:
    await wait(request, gate)
    return {"item_id": item_id}


@app.api_route("/items/{number}", methods=["PUT", "PATCH", "OPTIONS"])
async def other_methods(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/health")
@app.get("/metrics")
@app.get("/metrics.json")
async def small() -> dict[str, str]:
    return {"status": "healthy"}


@app.get("/brief")
async def brief() -> dict[str, bool]:
    # A time that no number with two decimals is near.
    await asyncio.sleep(0.004)
    return {"brief": True}


@app.get("/large")
async def large() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield bytes(range(256)) * 1024  # all that a byte can be, as in a picture, which is no text

    return StreamingResponse(chunks(), media_type="application/octet-stream")


@app.get("/many")
async def many() -> StreamingResponse:
    """As many chunks as are taken, and none of them has to be waited for."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(MANY):
            yield b"chunk"

    return StreamingResponse(chunks(), media_type="application/octet-stream")


@router.get("/{item_id}/parts/{part}")
async def part(item_id: int, part: str) -> dict[str, str]:
    return {"part": part}


@mounted.get("/things/{thing}")
async def thing(thing: str) -> dict[str, str]:
    return {"thing": thing}


@app.get("/stream")
async def stream(request: Request, gate: str = "") -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        yield ""  # as some streams begin, and no end of any
        yield "one"
        await wait(request, gate and f"{gate}-1")
        yield "two"
        await wait(request, gate and f"{gate}-2")
        yield "three"

    await wait(request, gate and f"{gate}-0")
    return StreamingResponse(chunks(), media_type="text/plain")


@app.get("/raises")
async def raises(request: Request, gate: str = "", kind: str = "RuntimeError") -> None:
    await wait(request, gate)
    kinds: dict[str, Any] = {**vars(builtins), "ClientDisconnect": ClientDisconnect}  # which whoever reads from a client that is gone gets
    raise kinds[kind]("the endpoint failed")


@app.get("/raises-late")
async def raises_late(request: Request, gate: str = "") -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        await wait(request, gate and f"{gate}-0")
        yield "one"
        await wait(request, gate)
        raise RuntimeError("the endpoint failed in the middle")

    return StreamingResponse(chunks(), media_type="text/plain")


@app.get("/unavailable")
async def unavailable() -> None:
    raise HTTPException(503, "not now")


@app.delete("/items/{item_id}", status_code=204)
async def delete(item_id: int) -> None:
    return None


@app.get("/background")
async def background(request: Request, tasks: BackgroundTasks, gate: str = "", fails: bool = False) -> dict[str, str]:
    async def work() -> None:
        await wait(request, gate)
        await wait(request, gate and f"{gate}-later")
        if fails:
            raise RuntimeError("the background task failed")

    tasks.add_task(work)
    return {"status": "accepted"}


@app.get("/same")
async def same() -> Response:
    return SAME


@app.get("/state")
async def state(request: Request) -> dict[str, Any]:
    return {"model": getattr(request.state, "model", None)}


@app.get("/file")
async def file(request: Request) -> FileResponse:
    await request.send_early_hints("</style.css>; rel=preload")
    return FileResponse(__file__, media_type="text/plain")


class Trailers(Response):
    """An answer with trailers: headers that are known only after its body, such as a checksum."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers, "trailers": True})
        await send({"type": "http.response.body", "body": self.body})
        await send({"type": "http.response.trailers", "headers": [(b"x-checksum", b"1")]})


@app.get("/trailers")
async def trailers() -> Response:
    return Trailers("checked", media_type="text/plain")


@app.post("/upload")
async def upload(request: Request, gate: str = "") -> dict[str, int]:
    await wait(request, gate)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        note(mark_of(request.scope), "uploaded", size=size, begins=chunk[:20].hex())
    return {"size": size}


@app.get("/listens")
async def listens(request: Request) -> None:
    """Until the client is gone."""
    note(mark_of(request.scope), "waits", gate="")
    while (message := await request.receive())["type"] != "http.disconnect":
        note(mark_of(request.scope), "heard", type=message["type"])
    note(mark_of(request.scope), "heard", type="http.disconnect")


@app.websocket("/socket")
async def socket(websocket: WebSocket) -> None:
    if "refuse" in websocket.query_params:
        await websocket.close()
        return
    await websocket.accept(subprotocol="kata" if "kata" in websocket.scope["subprotocols"] else None, headers=[(b"x-own", b"kept")])
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "fail":
            raise RuntimeError("the endpoint failed")
        if message.get("text") == "leave":
            raise WebSocketDisconnect(1001)
        if message.get("text") == "bye":
            await websocket.close(4001, "said bye")
            return
        if message.get("bytes") is not None:
            await websocket.send_bytes(message["bytes"])
        else:
            await websocket.send_text(message["text"])


app.include_router(router, prefix="/v1")
app.mount("/mounted", mounted)
