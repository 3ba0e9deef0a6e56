# Wrong answer to 2.2: everything but the lifespan is counted.
# Rejected by: test_only_requests_are_counted
# Because: WebSocket was open for a while, and recorder\.enter\(\) was called


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.recorder.leave()
