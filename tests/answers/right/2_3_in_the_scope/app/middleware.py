# Right answer to 2.1, 2.2, 2.3: what is known of a request lies in its scope, and MutableHeaders sets the header.

from time import clock_gettime, CLOCK_MONOTONIC_RAW
from functools import partial

from starlette.datastructures import MutableHeaders

from app.recorder import route_label

KEY = "app.timing"


def elapsed(scope):
    return clock_gettime(CLOCK_MONOTONIC_RAW) - scope[KEY]["began"]


async def send_on(scope, send, message):
    if message["type"] == "http.response.start":
        scope[KEY]["status"] = message["status"]
        MutableHeaders(scope=message)["X-Process-Time"] = f"{elapsed(scope):.5f}"
    await send(message)
    if message["type"] == "http.response.body" and not message.get("more_body", False):
        scope[KEY].setdefault("seconds", elapsed(scope))


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] in ("websocket", "lifespan"):
            await self.app(scope, receive, send)
            return
        scope[KEY] = {"began": clock_gettime(CLOCK_MONOTONIC_RAW), "status": 500}
        self.recorder.enter()
        try:
            await self.app(scope, receive, partial(send_on, scope, send))
        except BaseException:
            self._over(scope)
            raise
        else:
            self._over(scope)

    def _over(self, scope):
        self.recorder.leave()
        timing = scope.pop(KEY)
        seconds = timing.get("seconds", clock_gettime(CLOCK_MONOTONIC_RAW) - timing["began"])
        self.recorder.observe(scope["method"], route_label(scope), timing["status"], seconds)
