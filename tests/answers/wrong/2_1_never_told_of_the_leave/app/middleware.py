# Wrong answer to 2.1: after its body a request gets nothing more to receive, so nobody hears that the client has left.
# Rejected by: test_who_leaves_is_noticed
# Because: never came to where its endpoint heard that the client is gone

import asyncio


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        whole = False

        async def until_the_end():
            nonlocal whole
            if whole:
                await asyncio.Event().wait()
            message = await receive()
            whole = not message.get("more_body", False)
            return message

        await self.app(scope, until_the_end, send)
