# Wrong answer to 2.1: WebSockets are dropped without a word.
# Rejected by: test_a_websocket_passes
# Because: failed: .*It never reached `app`


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] in ("http", "lifespan"):
            await self.app(scope, receive, send)
