# Wrong answer to 2.2: a `return` in the `finally` block swallows whatever was raised.
# Rejected by: test_errors_are_counted_out
# Because: What left the middleware was no exception, expected RuntimeError


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.recorder.leave()
            return
