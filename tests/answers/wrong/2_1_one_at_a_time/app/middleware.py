# Wrong answer to 2.1: one request at a time, so that none disturbs the measuring of another.
# Rejected by: test_requests_pass_side_by_side
# Because: never reached `app`.*Of 50 requests, 1 had

import asyncio


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.lock = asyncio.Lock()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        async with self.lock:
            await self.app(scope, receive, send)
