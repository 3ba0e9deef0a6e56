# Wrong answer to 2.3: atomic time, which is set with the time of day.
# Rejected by: test_a_clock_that_is_set_anew_changes_nothing
# Because: time of day was set back by 3600 s

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
        start = time.clock_gettime(time.CLOCK_TAI)
        status = 500
        end = None
        async def send_wrapper(message):
            nonlocal status, end
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                headers.append((b"x-process-time", f"{time.clock_gettime(time.CLOCK_TAI) - start:.6f}".encode()))
                message = {**message, "headers": headers}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                end = time.clock_gettime(time.CLOCK_TAI)
        self.recorder.enter()
        try:
            await self.app(scope, receive, send_wrapper)
        finally:
            seconds = (end if end is not None else time.clock_gettime(time.CLOCK_TAI)) - start
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, seconds)
