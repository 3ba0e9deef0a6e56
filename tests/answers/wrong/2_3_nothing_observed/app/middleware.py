# Wrong answer to 2.3: 2.2 and no more: nothing is timed.
# Rejected by: test_a_request_is_observed
# Because: recorder\.observe\(\) was never called


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
