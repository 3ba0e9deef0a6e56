# Wrong answer to 2.2: WebSockets are not counted in, but out.
# Rejected by: test_only_requests_are_counted
# Because: recorder\.leave\(\) was called


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.recorder.leave()
