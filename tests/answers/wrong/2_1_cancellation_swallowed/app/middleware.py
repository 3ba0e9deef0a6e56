# Wrong answer to 2.1: a request that is canceled looks as if it had ended well.
# Rejected by: test_an_exception_passes
# Because: canceled, .* What left the middleware was no exception

import asyncio


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            return
