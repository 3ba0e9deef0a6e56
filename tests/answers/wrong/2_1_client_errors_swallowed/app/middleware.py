# Wrong answer to 2.1: errors of connections are taken for a client that has left, and swallowed.
# Rejected by: test_an_exception_passes
# Because: ConnectionResetError. What left the middleware was no exception

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except OSError:  # the client has left
            pass
