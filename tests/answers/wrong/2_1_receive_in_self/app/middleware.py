# Wrong answer to 2.1: the server's receive lies in the middleware, where the next request finds it.
# Rejected by: test_requests_pass_side_by_side
# Because: the one of 5 and counts them answered


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        self.receive = receive
        await self.app(scope, self.receive_on, send)

    async def receive_on(self):
        return await self.receive()
