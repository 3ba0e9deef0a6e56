# Wrong answer to 2.1: of a WebSocket's messages only the usual parts are passed on.
# Rejected by: test_a_websocket_passes
# Because: said bye

import asyncio
class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        async def passing(message):
            if message["type"] == "websocket.close":
                message = {"type": "websocket.close", "code": message.get("code", 1000)}
            if message["type"] == "websocket.accept":
                message = {"type": "websocket.accept", "subprotocol": message.get("subprotocol")}
            await send(message)
        await self.app(scope, receive, passing)
