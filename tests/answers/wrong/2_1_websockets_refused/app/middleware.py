# Wrong answer to 2.1: WebSockets are closed, since they are none of its business.
# Rejected by: test_a_websocket_passes
# Because: scope\["type"\] == "websocket"


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
            return
        await self.app(scope, receive, send)
