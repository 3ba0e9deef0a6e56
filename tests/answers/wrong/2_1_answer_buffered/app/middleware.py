# Wrong answer to 2.1: the answer is collected and leaves when it is whole.
# Rejected by: test_a_stream_flows
# Because: did not go on within 5 s, the patience limit\. Your `send` had taken|Each message goes on as soon as it comes


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        messages = []

        async def collect(message):
            messages.append(message)

        try:
            await self.app(scope, receive, collect)
        finally:
            for message in messages:
                await send(message)
