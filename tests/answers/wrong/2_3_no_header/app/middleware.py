# Wrong answer to 2.3: the samples are right, and no answer says its time.
# Rejected by: test_every_answer_says_how_long_it_took
# Because: has 0 headers X-Process-Time

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
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = now()

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, (now() if ended is None else ended) - began)
