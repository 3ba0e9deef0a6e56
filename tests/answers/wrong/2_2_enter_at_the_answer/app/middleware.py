# Wrong answer to 2.2: a request is counted in when its answer begins.
# Rejected by: test_a_request_is_counted
# Because: had reached the application before recorder\.enter\(\)


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        entered = False

        async def watch(message):
            nonlocal entered
            if not entered:
                entered = True
                self.recorder.enter()
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            if not entered:
                self.recorder.enter()
            self.recorder.leave()
