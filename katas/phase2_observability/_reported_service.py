"""The learner's metrics router in applications of the judge's, whose recorder can be told what has happened.

To ``app`` nothing happens but what it is told; in ``observed`` the middleware observes the scrapes too. Below ``/other`` there is
one more application, with a recorder of its own, to which nothing happens but its scrapes. ``POST /judge``, which the applications never
see, takes the happenings as plain data, and answers how many requests the recorder holds to be in flight.
"""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI

from app.middleware import TimingMiddleware
from app.recorder import Recorder
from app.routers import metrics
from app.settings import settings

recorder = Recorder(settings.latency_samples)
entered = 0


def application(recorder: Recorder) -> FastAPI:
    """One with the learner's router."""
    made = FastAPI()
    made.state.recorder = recorder
    made.include_router(metrics.router)
    return made


told, watched, other = application(recorder), application(recorder), application(Recorder(settings.latency_samples))
watched.add_middleware(TimingMiddleware, recorder=recorder)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Scrapes are in flight like all requests, but not observed."""
    if scope["type"] != "http":
        async with other.router.lifespan_context(other):
            return await told(scope, receive, send)
    if scope["path"] == "/judge":
        return await listen(receive, send)
    asked = told
    if scope["path"].startswith("/other/"):
        asked, scope = other, {**scope, "path": scope["path"].removeprefix("/other")}
    asked.state.recorder.enter()
    try:
        await asked(scope, receive, send)
    finally:
        asked.state.recorder.leave()


async def observed(scope: Any, receive: Any, send: Any) -> None:
    """Scrapes are observed like all requests."""
    if scope["type"] == "http" and scope["path"] == "/judge":
        return await listen(receive, send)
    await watched(scope, receive, send)


async def listen(receive: Any, send: Any) -> None:
    """The judge's way past the application."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    happen(**json.loads(body))
    # A request may be answered and not quite over.
    for _ in range(200):
        if recorder.in_flight == entered:
            break
        await asyncio.sleep(0.002)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(recorder.in_flight).encode()})


def happen(observe: list[tuple[str, str, int, list[float]]], enter: int = 0, leave: int = 0,
           earlier: Iterable[tuple[str, str, int, int, float]] = ()) -> None:
    """Requests that come, are over, and are observed: method, route, status, and the seconds that each of them took.

    ``earlier`` there were more than could be told one by one: method, route, status, their number, and the seconds of all.
    """
    global entered
    for _ in range(enter):
        recorder.enter()
    for _ in range(leave):
        recorder.leave()
    entered += enter - leave
    for method, route, status, latencies in observe:
        for seconds in latencies:
            try:
                recorder.observe(method, route, status, seconds)
            except ValueError:  # no latency: its route has a window now, in which there is nothing
                pass
    for method, route, status, count, total in earlier:  # recorder and window are the solutions', so it is known what they keep
        recorder._requests[method, route, status] += count
        window = recorder.latencies[route]
        window._count += count
        window._seconds += total
