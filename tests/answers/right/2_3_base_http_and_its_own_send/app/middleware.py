# Right answer to 2.1, 2.2, 2.3: BaseHTTPMiddleware for the header, and what it is built on for the rest.

import time

from starlette.middleware.base import BaseHTTPMiddleware

from app.recorder import route_label


class TimingMiddleware(BaseHTTPMiddleware):
    def __init__(self, app, recorder):
        super().__init__(app)
        self.recorder = recorder

    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["X-Process-Time"] = str(time.perf_counter() - request.state.began)
        return response

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await super().__call__(scope, receive, send)
        began = time.perf_counter()
        scope.setdefault("state", {})["began"] = began
        seen = {"status": 500}

        async def watch(message):
            await send(message)
            seen["status"] = message.get("status", seen["status"])
            if message["type"] == "http.response.body":
                seen["ended"] = time.perf_counter()

        self.recorder.enter()
        try:
            await super().__call__(scope, receive, watch)
        finally:
            self.recorder.leave()
            ended = seen.get("ended", time.perf_counter())
            self.recorder.observe(scope["method"], route_label(scope), seen["status"], ended - began)
