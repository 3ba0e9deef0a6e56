# Wrong answer to 2.2: 2.1 and no more: nobody is counted.
# Rejected by: test_a_request_is_counted
# Because: recorder\.enter\(\) was never called


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)
