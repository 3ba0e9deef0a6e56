# Right answer to 2.1, 2.3: three decimals, less the zeros at their end.

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
                headers.append((b"x-process-time", f"{round(time.perf_counter() - start, 3)}".encode()))
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
