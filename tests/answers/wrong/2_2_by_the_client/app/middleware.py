# Wrong answer to 2.2: requests are told apart by their client, and behind a proxy all have the same.
# Rejected by: test_requests_in_flight_are_counted
# Because: enter\(\) had been called 1 time

import asyncio, time, contextlib
from app.recorder import route_label
class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

        self.active = set()
    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        key = scope["client"]
        if key in self.active:
            return await self.app(scope, receive, send)
        self.active.add(key)
        self.recorder.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.active.discard(key)
            self.recorder.leave()
