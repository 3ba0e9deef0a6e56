# Right answer to 2.1, 2.2, 2.3: headers are any iterable, here a chain of theirs and one more.

import itertools
import time

from app.recorder import route_label


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began = time.perf_counter()
        seen = {}

        async def send_on(message):
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                own = (b"x-process-time", f"{time.perf_counter() - began:.9f}".encode("ascii"))
                message = dict(message, headers=itertools.chain(message["headers"], [own]))
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                seen["seconds"] = time.perf_counter() - began

        self.recorder.enter()
        try:
            await self.app(scope, receive, send_on)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), seen.get("status", 500), seen.get("seconds", time.perf_counter() - began))
