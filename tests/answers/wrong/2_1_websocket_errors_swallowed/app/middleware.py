# Wrong answer to 2.1: what a WebSocket raises is swallowed.
# Rejected by: test_a_websocket_passes
# Because: endpoint of a WebSocket raised RuntimeError. What left the middleware was no exception

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            try:
                await self.app(scope, receive, send)
            except Exception:
                pass
            return
        await self.app(scope, receive, send)
