"""What katas have seen, kept as data for the report: noted where it is observed, taken when the test is over.

A *picture* is plain data of one of these kinds (times are in seconds):

- ``timeline``: ``rows`` of requests (``label``, ``start``, ``end``; None: never), ``held`` parts of the event loop's
  time (``start``, ``end``), ``health`` (``start``, ``end``; None: it wasn't asked), ``line``: who held the loop, or empty;
- ``latencies``: ``series``, for each name a list of latencies;
- ``curve``: ``steps`` of a load test (``users``, ``rps``, ``p95_s``, ``failure_rate``), ``breaking_point`` in users or None;
- ``comparison``: ``rows`` (``name``, ``rps``, ``p50_s``, ``p95_s``, ``p99_s``, ``failure_rate``);
- ``workers``: ``rows`` (``workers``, and any of ``rps``, ``p95_s``, ``rss_bytes``, ``pss_bytes``, ``overlap``).
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dojo.evidence import held_loop

if TYPE_CHECKING:
    from dojo.burst import Observation

#: So many requests are drawn, and so many pictures of one exercise are kept: the last ones.
ROWS, KEPT = 12, 12

_seen: list[dict[str, Any]] = []


def note(kind: str, title: str, **data: Any) -> None:
    """Keeps a picture of this ``kind`` for the report."""
    _seen.append({"kind": kind, "title": title, **data})


def take() -> list[dict[str, Any]]:
    """What was noted since the last time."""
    taken = list(_seen)
    _seen.clear()
    return taken


def newest(pictures: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The last of ``pictures`` for each title, and not too many of them."""
    return [dict(picture) for picture in {picture["title"]: picture for picture in pictures}.values()][-KEPT:]


def timeline(seen: "Observation") -> None:
    """Keeps what was seen of some requests: who waited when, and when the loop was held."""
    spans = seen.spans
    if not spans:
        return
    zero = min(span["start"] for span in spans)

    def since(time: float | None) -> float | None:
        return None if time is None else round(time - zero, 4)

    # The title says which path, unless each has its own.
    alike = len({span["path"] for span in spans}) == 1
    rows: list[dict[str, Any]] = [
        {"label": f"#{number}" if alike else span["path"], "start": since(span["start"]), "end": since(span["complete"])}
        for number, span in enumerate(spans[:ROWS], 1)
    ]
    for number in range(len(rows) + 1, min(seen.count, ROWS) + 1):
        rows.append({"label": f"#{number}", "start": None, "end": None})
    arrivals = {(each["request"], each["arrived"]): each for report in (seen.seen, seen.after) for each in report.get("arrivals", ())}
    held = [
        {"start": since(each["arrived"]), "end": since(each["left"])}
        for each in arrivals.values() if each["place"] == "blocking" and each.get("left")
    ]
    health = None
    if seen.asked_health:
        start, end = seen.asked_health
        health = {"start": since(start), "end": since(end) if seen.health else None}
    line = held_loop(seen.blocks[0]) if seen.blocks else ""
    more = "" if seen.count <= ROWS else f", the first {ROWS} of {seen.count}"
    note("timeline", f"{seen.count} requests to {seen.path}{more}", rows=rows, held=held, health=health, line=line)
