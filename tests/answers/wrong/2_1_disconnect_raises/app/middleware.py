# Wrong answer to 2.1: the news that the client has left becomes an exception.
# Rejected by: test_who_leaves_is_noticed
# Because: over by then, with a ClientDisconnect

from starlette.requests import ClientDisconnect

class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        async def receive_on():
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect()
            return message
        await self.app(scope, receive_on, send)
