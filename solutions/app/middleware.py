"""What every request passes on its way in and out: counted in flight, and timed to its last byte."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.recorder import Recorder, route_label


class TimingMiddleware:
    """Counts and times the HTTP requests of ``app``, and tells ``recorder`` about each.

    Pure ASGI: everything passes through unchanged, but for one header of HTTP responses, ``X-Process-Time``,
    the time in seconds until the response started.
    """

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one connection: an HTTP request, a WebSocket, or the service's lifespan."""
        if scope["type"] != "http":
            # A WebSocket may stay open for a day, and a lifespan lasts as long as the service: neither has a latency.
            await self.app(scope, receive, send)
            return

        # time.time() is what the calendar says, and it is set anew now and then: a request could take an hour, or less than nothing.
        began = time.perf_counter()
        status = 500  # what the client gets when the application raises before it has answered
        ended: float | None = None

        async def send_on(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-process-time", f"{time.perf_counter() - began:.6f}".encode())
                # A new message: whoever sent this one may send its headers again.
                message = {**message, "headers": [*message.get("headers", []), header]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                ended = time.perf_counter()  # the last byte: what the application does later keeps no client waiting

        self.recorder.enter()
        try:
            await self.app(scope, receive, send_on)
        finally:  # also when it raises, and when the task is canceled because the service stops
            self.recorder.leave()
            seconds = (time.perf_counter() if ended is None else ended) - began
            # Only now: the router writes the route into the scope on its way.
            self.recorder.observe(scope["method"], route_label(scope), status, seconds)
