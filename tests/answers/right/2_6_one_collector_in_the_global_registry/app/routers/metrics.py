# Right answer to 2.6: one collector for the process, registered with the first scrape, beside what the library says of Python
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from contextvars import ContextVar

from fastapi import APIRouter, Request, Response
from prometheus_client import generate_latest
from prometheus_client.core import REGISTRY, CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from pydantic import BaseModel

from app.metrics import percentile

router = APIRouter()
REPORTS = ("/metrics", "/metrics.json")
asked = ContextVar("asked")


class Recorded:
    def describe(self):
        return []

    def collect(self):
        recorder = asked.get()
        yield GaugeMetricFamily("http_requests_in_flight", "Requests that are being served.", value=recorder.in_flight)
        total = CounterMetricFamily("http_requests", "Requests that were served.", labels=["method", "route", "status"])
        for (method, route, status), count in recorder.requests.items():
            if route not in REPORTS:
                total.add_metric([method, route, str(status)], count)
        yield total
        duration = SummaryMetricFamily("http_request_duration_seconds", "How long requests took.", labels=["route"])
        for route, window in recorder.latencies.items():
            if route not in REPORTS:
                samples = window.snapshot()
                for quantile, p in ("0.5", 50), ("0.95", 95), ("0.99", 99):
                    if samples:
                        duration.add_sample("http_request_duration_seconds", {"route": route, "quantile": quantile}, percentile(samples, p))
                duration.add_metric([route], window.total_count, window.total_seconds)
        yield duration


REGISTRY.register(Recorded())


class Latencies(BaseModel):
    """A route's latencies: percentiles of those in its window, in seconds, or null when there is none; and how many there ever were."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int


@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """All that was measured, in Prometheus' text format."""
    asked.set(request.app.state.recorder)
    return Response(generate_latest(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/metrics.json")
async def read_latencies(request: Request) -> dict[str, Latencies]:
    """Each route's latencies, by the route's template."""
    shown = {}
    for route, window in request.app.state.recorder.latencies.items():
        if route not in REPORTS:
            samples = window.snapshot()
            p50, p95, p99 = (percentile(samples, p) if samples else None for p in (50, 95, 99))
            shown[route] = Latencies(p50=p50, p95=p95, p99=p99, count=window.total_count)
    return shown
