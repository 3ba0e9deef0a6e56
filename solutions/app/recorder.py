"""What the service remembers of its requests, for /metrics to show.

Given complete. The middleware tells it what happens, the metrics endpoint reads it.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from app.metrics import LatencyWindow

#: The label of every request that no route took: a scanner that tries a million paths makes one time series, not a million.
UNKNOWN = "(unknown)"
#: The methods that get a label of their own; clients may invent others.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def route_label(scope: Mapping[str, Any]) -> str:
    """The template of the route that took a request, like ``/users/{user_id}``; ``"(unknown)"`` when none did, or it doesn't say so, as ``/docs``.

    ``scope`` is the request's ASGI scope. The router writes the route into it, so it has to be asked after the
    application was called. The prefixes of ``include_router`` and of mounts are part of the template.
    """
    route = scope.get("route")
    if route is None:
        return UNKNOWN
    # A route of an included router knows only its own part of the path; FastAPI notes the whole beside it.
    included = (scope.get("fastapi") or {}).get("effective_route_context")
    template = str(getattr(included, "path", None) or route.path)
    # A mounted application knows nothing of where it is mounted. That place is known as a path, without braces.
    prefix = str(scope.get("root_path", ""))[len(str(scope.get("app_root_path", scope.get("root_path", "")))):]
    own = getattr(route, "param_convertors", {})
    names = {name: str(value) for name, value in scope.get("path_params", {}).items() if name not in own}
    parts = [next((f"{{{name}}}" for name, value in names.items() if value == part), part) for part in prefix.split("/")]
    if not all(f"{{{name}}}" in parts for name in names):
        # A value that isn't spelled as in the path, such as 7 for 007: better one label for all of them than one for each.
        parts = ["/(mounted)"]
    return "/".join(parts) + template


class Recorder:
    """Requests in flight, requests counted, and the last latencies of each route; safe to use from several threads.

    ``capacity`` is the number of latencies that are kept for each route.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._in_flight = 0
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._latencies: dict[str, LatencyWindow] = {}

    def enter(self) -> None:
        """A request has come."""
        with self._lock:
            self._in_flight += 1

    def leave(self) -> None:
        """A request is over, whatever became of it."""
        with self._lock:
            self._in_flight -= 1

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request is over: its method, its route's template, the status of its answer, and how long it took in seconds."""
        method = method if method in METHODS else "(other)"
        with self._lock:
            window = self._latencies.get(route)
            if window is None:
                window = self._latencies[route] = LatencyWindow(self._capacity)
            window.add(seconds)  # first: what it refuses isn't counted either
            self._requests[method, route, status] += 1

    @property
    def in_flight(self) -> int:
        """How many requests have come and aren't over."""
        return self._in_flight

    @property
    def requests(self) -> dict[tuple[str, str, int], int]:
        """How many requests were observed, by method, route template and status; a copy."""
        with self._lock:
            return dict(self._requests)

    @property
    def latencies(self) -> dict[str, LatencyWindow]:
        """The last latencies by route template; the mapping is a copy, its windows go on."""
        with self._lock:
            return dict(self._latencies)
