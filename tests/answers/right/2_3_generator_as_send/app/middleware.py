# Right answer to 2.1, 2.2, 2.3: a generator sees each message before it is passed on and afterwards.

import time

from app.recorder import route_label


def watched(tell):
    """Takes a message and yields the one to pass on, in turns; tells what it has seen when it is closed."""
    began, seconds, status = time.monotonic(), None, 500
    try:
        message = yield
        while True:
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": list(message["headers"]) + [(b"x-process-time", str(round(time.monotonic() - began, 6)).encode())]}
            yield message
            if message["type"] == "http.response.body" and not message.get("more_body"):
                seconds = time.monotonic() - began
            message = yield
    finally:
        tell(status, time.monotonic() - began if seconds is None else seconds)


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        watch = watched(lambda status, seconds: self.recorder.observe(scope["method"], route_label(scope), status, seconds))
        next(watch)

        async def send_on(message):
            await send(watch.send(message))
            next(watch)

        self.recorder.enter()
        try:
            return await self.app(scope, receive, send_on)
        finally:
            self.recorder.leave()
            watch.close()
