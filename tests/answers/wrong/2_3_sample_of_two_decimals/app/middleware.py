# Wrong answer to 2.3: the sample is rounded to hundredths, so nearly all are 0.
# Rejected by: test_a_request_is_observed or test_all_answers_are_told_apart or test_times_are_told_to_the_millisecond
# Because: at least three decimals

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
        status = 500
        end = None
        async def send_wrapper(message):
            nonlocal status, end
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", []))
                headers.append((b"x-process-time", f"{time.perf_counter() - start:.6f}".encode()))
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
            self.recorder.observe(scope["method"], route_label(scope), status, round(seconds, 2))
