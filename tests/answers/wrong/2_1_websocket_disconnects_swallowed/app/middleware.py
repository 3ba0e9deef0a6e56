# Wrong answer to 2.1: Starlette's exception for a WebSocket that was left is swallowed.
# Rejected by: test_a_websocket_passes
# Because: What left the middleware was no exception, expected WebSocketDisconnect

from starlette.websockets import WebSocketDisconnect


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except WebSocketDisconnect:
            pass  # nobody is there any more
