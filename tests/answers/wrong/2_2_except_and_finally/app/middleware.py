# Wrong answer to 2.2: an error is counted out in `except`, and in `finally` again.
# Rejected by: test_errors_are_counted_out
# Because: leave\(\) was called 2 times, expected once


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
        except Exception:
            self.recorder.leave()
            raise
        finally:
            self.recorder.leave()
