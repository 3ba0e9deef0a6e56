# Right answer to 4.6: a semaphore that is asked whether it is locked, and a response of Starlette.

import asyncio
from typing import Any

import anyio.to_thread
from starlette.responses import JSONResponse

from app.tuning import Profile


class InFlightLimit:
    def __init__(self, app: Any, limit: int, retry_after: int) -> None:
        self.app = app
        self.places = asyncio.Semaphore(limit)
        self.retry_after = retry_after

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/health"):
            return await self.app(scope, receive, send)
        if self.places.locked():
            refusal = JSONResponse({"detail": "full"}, 503, headers={"Retry-After": str(self.retry_after)})
            return await refusal(scope, receive, send)
        async with self.places:
            await self.app(scope, receive, send)


class Profiled:
    def __init__(self, app: Any, profile: Profile) -> None:
        self._limited = InFlightLimit(app, profile.in_flight, profile.retry_after)
        self._threads = profile.threads

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            anyio.to_thread.current_default_thread_limiter().total_tokens = self._threads
        await self._limited(scope, receive, send)
