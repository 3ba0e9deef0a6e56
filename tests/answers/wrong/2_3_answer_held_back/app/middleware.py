# Wrong answer to 2.3: the answer is held back until it is whole, so that the header can be the whole time.
# Rejected by: test_the_sample_reaches_to_the_last_byte
# Because: a stream that is kept back for a header is none

import time

from app.recorder import route_label


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        began = time.perf_counter()
        status = 500
        messages = []

        async def keep(message):
            nonlocal status
            if message["type"] == "http.response.early_hint":
                return await send(message)
            status = message.get("status", status)
            messages.append(message)
            if message["type"] == "http.response.start" or message.get("more_body"):
                return
            start = messages[0]
            messages[0] = {**start, "headers": [*start["headers"], (b"x-process-time", f"{time.perf_counter() - began:.6f}".encode())]}
            for each in messages:
                await send(each)

        self.recorder.enter()
        try:
            await self.app(scope, receive, keep)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, time.perf_counter() - began)
