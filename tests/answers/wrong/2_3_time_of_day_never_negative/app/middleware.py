# Wrong answer to 2.3: the clock is the time of day, and what would be negative is nothing.
# Rejected by: test_a_clock_that_is_set_anew_changes_nothing
# Because: A monotonic clock doesn't care

import time

from app.recorder import route_label


def now():
    return time.time()


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        began = now()
        status = 500
        ended = None

        async def watch(message):
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-process-time", f"{max(0.0, now() - began):.6f}".encode())]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = now()

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, max(0.0, (now() if ended is None else ended) - began))
