# Wrong answer to 2.2: an exception is counted out, and nobody hears of it.
# Rejected by: test_errors_are_counted_out
# Because: What left the middleware was no exception, expected RuntimeError

import contextlib


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        self.recorder.enter()
        with contextlib.suppress(Exception):
            await self.app(scope, receive, send)
        self.recorder.leave()
