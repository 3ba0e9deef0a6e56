# Wrong answer to 2.1: the application is shielded from cancellation.
# Rejected by: test_an_exception_passes
# Because: The application has to hear of it too

import asyncio

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        await asyncio.shield(self.app(scope, receive, send))
