# Wrong answer to 2.1: who closes a WebSocket is kept from the application.
# Rejected by: test_a_websocket_passes
# Because: the application has to hear: a websocket.disconnect

import asyncio
class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "websocket":
            return await self.app(scope, receive, send)
        async def hearing():
            while True:
                message = await receive()
                if message["type"] != "websocket.disconnect":
                    return message
                await asyncio.sleep(3600)
        await self.app(scope, hearing, send)
