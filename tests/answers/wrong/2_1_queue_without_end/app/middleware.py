# Wrong answer to 2.1: what is sent waits in a queue that takes as much as comes.
# Rejected by: test_who_is_slow_is_waited_for
# Because: Your `send` had taken \d+ of them

import asyncio
class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        queue = asyncio.Queue()
        async def pump():
            while (message := await queue.get()) is not None:
                await send(message)
        pumping = asyncio.create_task(pump())
        try:
            await self.app(scope, receive, queue.put)
        finally:
            await queue.put(None)
            await pumping
