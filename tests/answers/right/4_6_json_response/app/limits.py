# Right answer to 4.6: JSONResponse, BoundedSemaphore taken by async with
"""A profile, put into effect inside of the service: what the server's command line can't say."""

from typing import Any

import asyncio
from starlette.responses import JSONResponse
import anyio.to_thread

from app.tuning import Profile


class InFlightLimit:
    """Passes on at most ``limit`` requests at a time to ``app`` and refuses the others at once, so that nobody waits in a queue for nothing.

    Refused is who comes while ``limit`` requests have been passed on and not been finished: a 503 whose header Retry-After is ``retry_after``, a
    number of seconds. Paths that begin with /health are passed on in any case and take nobody's place, and so is what is no HTTP request.
    """

    def __init__(self, app: Any, limit: int, retry_after: int) -> None:
        self.app = app
        self.limit = limit
        self.retry_after = retry_after
        self.semaphore = asyncio.BoundedSemaphore(limit)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/health"):
            return await self.app(scope, receive, send)
        if self.semaphore.locked():
            response = JSONResponse({"detail": "Too many requests in flight"}, status_code=503, headers={"Retry-After": str(self.retry_after)})
            return await response(scope, receive, send)
        async with self.semaphore:
            await self.app(scope, receive, send)


class Profiled:
    """The application under a profile: as many threads for its ``def`` endpoints as the profile says, and its limit. Given complete."""

    def __init__(self, app: Any, profile: Profile) -> None:
        self._limited = InFlightLimit(app, profile.in_flight, profile.retry_after)
        self._threads = profile.threads

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # once, when the service starts: there is no limiter before there is an event loop
            anyio.to_thread.current_default_thread_limiter().total_tokens = self._threads
        await self._limited(scope, receive, send)
