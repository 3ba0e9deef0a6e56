# Wrong answer to 2.1: no more than four requests at once.
# Rejected by: test_requests_pass_side_by_side
# Because: Of 50 requests, 4 had .*waited in their endpoints

import asyncio

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.limit = asyncio.Semaphore(4)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        async with self.limit:
            await self.app(scope, receive, send)
