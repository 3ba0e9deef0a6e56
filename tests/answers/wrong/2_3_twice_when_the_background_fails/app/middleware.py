# Wrong answer to 2.3: observed at the last byte, and once more when a background task fails.
# Rejected by: test_work_after_the_answer_may_fail
# Because: observe\(\) was called 2 times

import time
from app.recorder import route_label


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        start, status, done = time.perf_counter(), 500, False
        def over():
            nonlocal done
            done = True
            self.recorder.leave()
            self.recorder.observe(scope["method"], route_label(scope), status, time.perf_counter() - start)
        async def watch(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-process-time", b"%.6f" % (time.perf_counter() - start))]}
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                over()
        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        except BaseException:
            over()
            raise
        if not done:
            over()
