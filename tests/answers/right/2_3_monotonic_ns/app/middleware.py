# Right answer to 2.1, 2.2, 2.3: whole nanoseconds, which become seconds only where they are told.

import functools
import time

from app.recorder import route_label


async def watch(send, record, message):
    if message["type"] == "http.response.start":
        record["status"] = message["status"]
        micros = (time.monotonic_ns() - record["began"]) // 1000
        message = dict(message)
        message["headers"] = list(message.get("headers", [])) + [(b"x-process-time", b"%d.%06d" % divmod(micros, 1_000_000))]
    await send(message)
    if message["type"] in ("http.response.body", "http.response.pathsend") and not message.get("more_body"):
        record["ended"] = time.monotonic_ns()


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.recorder.enter()
        record = {"began": time.monotonic_ns(), "status": 500}
        try:
            await self.app(scope, receive, functools.partial(watch, send, record))
        finally:
            self.recorder.leave()
            nanos = record.get("ended", time.monotonic_ns()) - record["began"]
            self.recorder.observe(scope["method"], route_label(scope), record["status"], nanos / 1e9)
