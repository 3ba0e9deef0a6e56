# Right answer to 2.1, 2.2: counted out by a callback of the request's task.

import asyncio

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            self.recorder.enter()
            asyncio.current_task().add_done_callback(lambda task: self.recorder.leave())
        await self.app(scope, receive, send)
