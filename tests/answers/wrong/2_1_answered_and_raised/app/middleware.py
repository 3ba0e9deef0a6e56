# Wrong answer to 2.1: an exception is answered here, and then raised all the same.
# Rejected by: test_an_exception_passes
# Because: had sent nothing\. Your middleware sent an answer with status 500

from fastapi.responses import JSONResponse


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        begun = False

        async def send_on(message):
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, send_on)
        except Exception:
            if not begun:
                await JSONResponse({"detail": "Internal Server Error"}, 500)(scope, receive, send)
            raise
