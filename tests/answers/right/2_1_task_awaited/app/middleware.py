# Right answer to 2.1: the application runs in a task, which is awaited.

import asyncio

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        task = asyncio.ensure_future(self.app(scope, receive, send))
        return await task
