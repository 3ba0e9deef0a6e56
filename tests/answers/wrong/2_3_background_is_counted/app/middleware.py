# Wrong answer to 2.3: the sample ends when the application returns, with its background tasks.
# Rejected by: test_work_after_the_answer_is_not_counted
# Because: It had run for 0\.12 s

import time

from app.recorder import route_label


def now():
    return time.perf_counter()


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
                message = {**message, "headers": [*message["headers"], (b"x-process-time", f"{now() - began:.6f}".encode())]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = now()

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, now() - began)
