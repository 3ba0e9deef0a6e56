# Wrong answer to 2.2: errors are thought of, but a canceled request is none.
# Rejected by: test_who_is_canceled_is_counted_out
# Because: canceled before its answer.*leave\(\) was never called


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
        self.recorder.leave()
