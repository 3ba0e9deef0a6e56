# Wrong answer to 2.6: a quantile of 0 is taken for none.
# Rejected by: test_what_was_measured_is_shown
# Because: shows no\n +http_request_duration_seconds\{route="/zero",quantile="0\.5"\}
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from pydantic import BaseModel

from app.metrics import LatencyWindow, percentile
from app.recorder import Recorder

router = APIRouter()


class Latencies(BaseModel):
    """A route's latencies: percentiles of those in its window, in seconds, or null when there is none; and how many there ever were."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int


# Reading the reports is no part of the service's work: four quick requests a minute would make a quiet service look quick.
_REPORTS = ("/metrics", "/metrics.json")


def _windows(recorder: Recorder) -> dict[str, LatencyWindow]:
    return {route: window for route, window in recorder.latencies.items() if route not in _REPORTS}


def _percentiles(window: LatencyWindow) -> dict[int, float]:
    samples = sorted(window.snapshot())  # once for the three
    return {p: percentile(samples, p) for p in (50, 95, 99)} if samples else {}


# prometheus_client's own Summary, Counter and Gauge do the counting themselves, in one registry for the whole process. Here
# the recorder has counted already. So nothing is kept: what a scrape shows is made while it is being read.
class _Shown(Collector):
    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def collect(self) -> Iterator[Metric]:
        in_flight = self._recorder.in_flight  # this scrape is one of them
        yield GaugeMetricFamily("http_requests_in_flight", "Requests that have come and aren't over.", value=in_flight)

        total = CounterMetricFamily("http_requests_total", "Requests that are over.", labels=("method", "route", "status"))
        for (method, route, status), count in self._recorder.requests.items():
            if route not in _REPORTS:
                total.add_metric((method, route, str(status)), count)
        yield total

        # The library's family for summaries has no quantiles, as its own Summary computes none.
        name = "http_request_duration_seconds"
        duration = Metric(name, "Time from a request's arrival to the last byte of its answer.", "summary")
        for route, window in _windows(self._recorder).items():
            for p, seconds in _percentiles(window).items():
                if not seconds:
                    continue
                duration.add_sample(name, {"route": route, "quantile": str(p / 100)}, seconds)
            # Of all requests, not of those in the window: a rate is made of their differences, so they must never fall.
            duration.add_sample(f"{name}_count", {"route": route}, window.total_count)
            duration.add_sample(f"{name}_sum", {"route": route}, window.total_seconds)
        yield duration


# `async def`, though it computes for a millisecond: on a thread of the pool it would get no answer while all of them
# are busy, and that is when one wants to look.
@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """All that was measured, in Prometheus' text format."""
    # OpenMetrics for who asks for it, as Prometheus does; else the older format, which everybody reads.
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(_Shown(request.app.state.recorder)), media_type=content_type)


@router.get("/metrics.json")
async def read_latencies(request: Request) -> dict[str, Latencies]:
    """Each route's latencies, by the route's template."""
    shown = {}
    for route, window in _windows(request.app.state.recorder).items():
        values = _percentiles(window)
        shown[route] = Latencies(p50=values.get(50), p95=values.get(95), p99=values.get(99), count=window.total_count)
    return shown
