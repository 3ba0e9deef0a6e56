# Wrong answer to 2.2: counted out when it is canceled, while the application goes on behind a shield.
# Rejected by: test_who_is_canceled_is_counted_out
# Because: The application has to hear of it too

import asyncio

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        self.recorder.enter()
        try:
            await asyncio.shield(self.app(scope, receive, send))
        finally:
            self.recorder.leave()
