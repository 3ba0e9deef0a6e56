# Wrong answer to 2.1: each message is sent by a task of its own, for which nobody waits until the end.
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
        last = None
        async def later(message):
            nonlocal last
            async def do(before=last):
                if before: await before
                await send(message)
            last = asyncio.create_task(do())
        try:
            await self.app(scope, receive, later)
        finally:
            if last: await last
