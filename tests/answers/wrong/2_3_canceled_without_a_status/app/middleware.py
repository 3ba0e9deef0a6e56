# Wrong answer to 2.3: who is canceled has no status.
# Rejected by: test_who_does_not_stay_is_observed
# Because: the status None

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
        sent = None
        async def send_wrapper(message):
            nonlocal status, end, sent
            if message["type"] == "http.response.start":
                status = sent = message["status"]
                headers = list(message.get("headers", []))
                headers.append((b"x-process-time", f"{time.perf_counter() - start:.6f}".encode()))
                message = {**message, "headers": headers}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                end = time.perf_counter()
        self.recorder.enter()
        try:
            await self.app(scope, receive, send_wrapper)
        except Exception:
            sent = status
            raise
        finally:
            seconds = (end if end is not None else time.perf_counter()) - start
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), sent, seconds)
