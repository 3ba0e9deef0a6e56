# Wrong answer to 2.1: paths lose their query and a slash at their end, so that they group better.
# Rejected by: test_nothing_is_changed
# Because: scope\['query_string'\]


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/", "query_string": b"" if scope["path"] != "/stream" else scope["query_string"]}
        await self.app(scope, receive, send)
