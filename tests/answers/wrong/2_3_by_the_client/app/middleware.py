# Wrong answer to 2.3: the beginnings lie in a dict by client, and behind a proxy all have the same.
# Rejected by: test_requests_share_nothing
# Because: behind a proxy

import time
from app.recorder import route_label

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.began = {}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        client = scope["client"]
        self.began[client] = time.perf_counter()
        status, ended = 500, None

        async def watch(message):
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                took = f"{time.perf_counter() - self.began[client]:.6f}".encode()
                message = {**message, "headers": [*message["headers"], (b"x-process-time", took)]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended = time.perf_counter()

        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        finally:
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, (ended or time.perf_counter()) - self.began[client])
