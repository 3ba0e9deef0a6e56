# Wrong answer to 2.1: the application gets a scope of its own with what the ASGI specification names, and loses what layers outside have put there.
# Rejected by: test_nothing_is_changed
# Because: scope\['judge\.own'\]:.*missing

# https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope
KEYS = ("type", "asgi", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path", "headers", "client", "server",
        "state", "extensions")


class TimingMiddleware:
    def __init__(self, app, recorder):
        self.app = app
        self.recorder = recorder

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            scope = {key: scope[key] for key in KEYS if key in scope}
        await self.app(scope, receive, send)
