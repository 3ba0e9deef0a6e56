# Wrong answer to 2.3: the header has an exponent.
# Rejected by: test_every_answer_says_how_long_it_took
# Because: It is a decimal number of seconds

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
        match scope["type"]:
            case "http":
                await self._measured(scope, receive, send)
            case _:  # a WebSocket may stay open for a day, and a lifespan lasts as long as the service: neither has a latency
                await self.app(scope, receive, send)

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        # All that belongs to this request lies in variables of this call: many requests are on their way at the same time.
        # time.time() is what the calendar says, and it is set anew now and then: a request could take an hour, or less than nothing.
        began = time.perf_counter()
        status = 500  # what the client gets when the application raises before it has answered
        seconds = None  # to the last byte, once that was sent

        def elapsed() -> float:
            return time.perf_counter() - began

        async def send_on(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-process-time", f"{elapsed():.3e}".encode())
                # A new message: whoever sent this one may send its headers again.
                message = {**message, "headers": [*message.get("headers", []), header]}
            await send(message)
            if message.get("more_body"):
                return
            if message["type"] == "http.response.body":
                seconds = elapsed()  # what the application does later, such as a background task, keeps no client waiting

        self.recorder.enter()
        try:
            await self.app(scope, receive, send_on)
        finally:  # also when it raises, and when the task is canceled because the service stops
            self.recorder.leave()
            # Only now: the router writes the route into the scope on its way.
            self.recorder.observe(scope["method"], route_label(scope), status, elapsed() if seconds is None else seconds)
