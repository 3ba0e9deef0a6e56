# Wrong answer to 2.1: it answers the lifespan itself, and the application never starts.
# Rejected by: test_the_service_starts_and_stops
# Because: what it opens at its start


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await self.app(scope, receive, send)
