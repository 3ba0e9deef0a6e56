# Wrong answer to 2.2: what is raised after the last byte is swallowed.
# Rejected by: test_errors_are_counted_out
# Because: its background task raised RuntimeError. What left the middleware was no exception

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        done = False
        async def watch(message):
            nonlocal done
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                done = True
        self.recorder.enter()
        try:
            await self.app(scope, receive, watch)
        except Exception:
            if not done:
                raise
        finally:
            self.recorder.leave()
