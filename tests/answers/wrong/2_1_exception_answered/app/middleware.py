# Wrong answer to 2.1: it makes the answer 500 of an exception by itself, so nobody outside hears of it.
# Rejected by: test_an_exception_passes
# Because: raised RuntimeError\. What left the middleware was no exception

from starlette.responses import JSONResponse


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        started = False

        async def watch(message):
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            if scope["type"] != "http":
                raise
            if not started:
                await JSONResponse({"detail": "Internal Server Error"}, 500)(scope, receive, send)
