# Wrong answer to 2.1: the first answer to a path is kept and given to all who ask for it again.
# Rejected by: test_nothing_is_changed
# Because: called 0 times|answered|GET /


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder
        self.kept = {}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] == "/state":
            await self.app(scope, receive, send)
            return
        key = scope["path"]
        if key in self.kept and scope["method"] in ("GET", "HEAD"):
            for message in self.kept[key]:
                await send(message)
            return
        messages = []

        async def keep(message):
            messages.append(message)
            await send(message)

        await self.app(scope, receive, keep)
        self.kept[key] = messages
