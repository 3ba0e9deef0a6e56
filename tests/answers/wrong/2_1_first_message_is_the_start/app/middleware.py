# Wrong answer to 2.1: the first message is taken for the start of the response, whatever it is.
# Rejected by: test_messages_of_other_kinds_pass
# Because: KeyError: 'status' raised at app/middleware\.py:\d+


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = None

        async def watch(message):
            nonlocal status
            if status is None:
                status = message["status"]
            await send(message)

        await self.app(scope, receive, watch)
