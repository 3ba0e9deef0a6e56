# Wrong answer to 2.3: when the last byte was sent is noted in the middleware: a request that raises finds the end of one that came later.
# Rejected by: test_requests_share_nothing
# Because: GET /raises came, and raised RuntimeError once one that came later was over
# Because: not in `self`

import time

from app.recorder import route_label


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.ended = 0.0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_on(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-process-time", f"{time.perf_counter() - began:.6f}".encode())
                message = {**message, "headers": [*message.get("headers", []), header]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self.ended = time.perf_counter()

        self.recorder.enter()
        try:
            await self.app(scope, receive, send_on)
        finally:
            self.recorder.leave()
            ended = self.ended if self.ended > began else time.perf_counter()
            self.recorder.observe(scope["method"], route_label(scope), status, ended - began)
