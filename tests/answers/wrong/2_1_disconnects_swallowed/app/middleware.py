# Wrong answer to 2.1: Starlette's exception for a client that has left is swallowed.
# Rejected by: test_an_exception_passes
# Because: What left the middleware was no exception, expected ClientDisconnect

from starlette.requests import ClientDisconnect


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody is there any more
