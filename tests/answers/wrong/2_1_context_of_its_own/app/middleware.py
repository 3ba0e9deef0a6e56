# Wrong answer to 2.1: the application runs in a task with an empty context.
# Rejected by: test_nothing_is_changed
# Because: context variable that is set around your middleware isn't set

import asyncio
import contextvars


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        await asyncio.create_task(self.app(scope, receive, send), context=contextvars.Context())
