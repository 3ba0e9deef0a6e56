# Wrong answer to 2.1: a task receives all that comes, before anybody has asked for it.
# Rejected by: test_who_is_slow_is_waited_for
# Because: the server's `receive` \d+ times

import asyncio
class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        queue = asyncio.Queue()
        async def listen():
            while True:
                message = await receive()
                queue.put_nowait(message)
                if message["type"] == "http.disconnect":
                    return
        task = asyncio.create_task(listen())
        try:
            await self.app(scope, queue.get, send)
        finally:
            task.cancel()
