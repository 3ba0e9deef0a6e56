# Wrong answer to 2.3: the sample ends where the response starts.
# Rejected by: test_the_sample_reaches_to_the_last_byte or test_a_request_is_observed or test_times_are_told_to_the_millisecond
# Because: The time that observe\(\) was told

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
                ended = now()
                message = {**message, "headers": [*message["headers"], (b"x-process-time", f"{ended - began:.6f}".encode())]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                pass

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, (now() if ended is None else ended) - began)
