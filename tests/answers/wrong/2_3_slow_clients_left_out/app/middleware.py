# Wrong answer to 2.3: the time for which `send` waits for a client that reads slowly is taken off the sample.
# Rejected by: test_a_slow_client_is_part_of_the_time
# Because: Its client didn't read

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
        began, status, end, waited = time.perf_counter(), 500, None, 0.0

        async def send_on(message):
            nonlocal status, end, waited
            now = time.perf_counter()
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), (b"x-process-time", f"{now - began:.6f}".encode())]}
            try:
                await send(message)
            finally:
                late = time.perf_counter() - now
                waited += late if late > 0.02 else 0  # the client's slowness is none of ours
            if message["type"] == "http.response.body" and not message.get("more_body"):
                end = time.perf_counter()

        self.recorder.enter()
        try:
            await self.app(scope, receive, send_on)
        finally:
            self.recorder.leave()
            seconds = (time.perf_counter() if end is None else end) - began - waited
            self.recorder.observe(scope["method"], route_label(scope), status, max(0.0, seconds))
