# Wrong answer to 2.1: an application that can't start says so to nobody.
# Rejected by: test_an_exception_passes
# Because: when the service started, with a RuntimeError. What left the middleware was no exception

import asyncio
class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            try:
                return await self.app(scope, receive, send)
            except Exception:
                return
        await self.app(scope, receive, send)
