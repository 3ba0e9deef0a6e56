# Wrong answer to 2.1: BaseHTTPMiddleware, with the body read and a new response made of it.
# Rejected by: test_headers_stay
# Because: which the client doesn't get: set-cookie: (first=1|second=2)

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import Response


class TimingMiddleware(BaseHTTPMiddleware):
    def __init__(self, app, recorder):
        super().__init__(app)
        self.recorder = recorder

    async def dispatch(self, request, call_next):
        response = await call_next(request)
        body = b"".join([chunk async for chunk in response.body_iterator])
        return Response(body, status_code=response.status_code, headers=dict(response.headers))
