# Wrong answer to 2.3: the header by the time of day, kept between 0 and a tenth of a second.
# Rejected by: test_a_clock_that_is_set_anew_changes_nothing or test_the_header_is_the_time_until_the_answer_begins or test_the_sample_reaches_to_the_last_byte
# Because: X-Process-Time is 0

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
        start = time.perf_counter()
        wall = time.time()
        status = 500
        end = None
        async def send_wrapper(message):
            nonlocal status, end
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                headers.append((b"x-process-time", f"{min(max(time.time() - wall, 0), 0.1):.6f}".encode()))
                message = {**message, "headers": headers}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                end = time.perf_counter()
        self.recorder.enter()
        try:
            await self.app(scope, receive, send_wrapper)
        finally:
            seconds = (end if end is not None else time.perf_counter()) - start
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, seconds)
