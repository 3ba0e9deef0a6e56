# Wrong answer to 2.1: the application runs in a task group, which wraps what it raises.
# Rejected by: test_an_exception_passes
# Because: What left the middleware was (Base)?ExceptionGroup

import asyncio


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        async with asyncio.TaskGroup() as group:
            group.create_task(self.app(scope, receive, send))
