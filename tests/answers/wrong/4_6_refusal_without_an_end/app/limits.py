# Wrong answer to 4.6: a refusal is a head alone, its http.response.body is never sent: uvicorn logs an error for each one, and hangs up.
# Rejected by: test_the_limit_counts_those_in_flight
# Because: was answered with 503, Retry-After \d+, and no end

"""A profile, put into effect inside of the service: what the server's command line can't say."""

from typing import Any

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
        self._in_flight = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/health"):
            # An overloaded service isn't a sick one. Whoever asks for its health, to replace it otherwise, has to hear that.
            await self.app(scope, receive, send)
        elif self._in_flight >= self.limit:
            await self._refuse(send)
        else:
            # Nothing is awaited between the look at the count and its change, so no other request can come between.
            self._in_flight += 1
            try:
                await self.app(scope, receive, send)
            finally:  # also when it raises, or is cancelled: a place that is lost is lost for ever
                self._in_flight -= 1

    async def _refuse(self, send: Any) -> None:
        headers = [(b"retry-after", str(self.retry_after).encode()), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})


class Profiled:
    """The application under a profile: as many threads for its ``def`` endpoints as the profile says, and its limit. Given complete."""

    def __init__(self, app: Any, profile: Profile) -> None:
        self._limited = InFlightLimit(app, profile.in_flight, profile.retry_after)
        self._threads = profile.threads

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # once, when the service starts: there is no limiter before there is an event loop
            anyio.to_thread.current_default_thread_limiter().total_tokens = self._threads
        await self._limited(scope, receive, send)
