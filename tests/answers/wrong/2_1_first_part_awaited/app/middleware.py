# Wrong answer to 2.1: it waits for the first part of a request's body before the application is called, which gets it afterwards.
# Rejected by: test_a_body_flows_in
# Because: never came to the endpoint.s side of your middleware
# Because: It never reached `app`
# Because: The head of POST /upload had come


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A small body is known at once, with its size; nothing of it is lost.
        ahead = [await receive()]

        async def receive_on():
            return ahead.pop() if ahead else await receive()

        await self.app(scope, receive_on, send)
