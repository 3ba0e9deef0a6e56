# Wrong answer to 2.1: a WebSocket reaches the application without its client and its state.
# Rejected by: test_a_websocket_passes
# Because: A WebSocket was changed on its way

import asyncio
class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            scope = {**scope, "path": scope["path"].rstrip("/"), "state": {}, "client": None, "scheme": "http"}
        await self.app(scope, receive, send)
