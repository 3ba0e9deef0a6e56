# Right answer to 2.1: not a thing is done but passing on; nothing is counted yet.


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)
