# Right answer to 2.1, 2.2: an async context manager.

from contextlib import asynccontextmanager, nullcontext

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    @asynccontextmanager
    async def counting(self):
        self.recorder.enter()
        try:
            yield
        finally:
            self.recorder.leave()

    async def __call__(self, scope, receive, send):
        async with self.counting() if scope["type"] == "http" else nullcontext():
            return await self.app(scope, receive, send)
