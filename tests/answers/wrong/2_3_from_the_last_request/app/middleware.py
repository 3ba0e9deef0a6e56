# Wrong answer to 2.3: a request is timed from the end of the one before.
# Rejected by: test_a_request_is_observed
# Because: By the judge's clocks

import time

from app.recorder import route_label


def now():
    return time.perf_counter()


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.last = now()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        last, self.last = self.last, now()

        began = now()
        status = 500
        ended = None

        async def watch(message):
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-process-time", f"{now() - last:.6f}".encode())]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = now()

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, (now() if ended is None else ended) - last)
