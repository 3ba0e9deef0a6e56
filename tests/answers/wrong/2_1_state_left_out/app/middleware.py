# Wrong answer to 2.1: the application gets a scope of its own, with what HTTP needs and nothing else.
# Rejected by: test_the_service_starts_and_stops
# Because: (?i)state


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            keys = ("type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path", "headers", "client", "server")
            scope = {key: scope[key] for key in keys if key in scope}
        await self.app(scope, receive, send)
