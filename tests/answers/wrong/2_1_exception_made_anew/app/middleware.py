# Wrong answer to 2.1: each exception becomes a new one of another text.
# Rejected by: test_an_exception_passes
# Because: another RuntimeError, not the one that came

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            raise RuntimeError(f"{scope.get('path')} failed: {error}") from error
