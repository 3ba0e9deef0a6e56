# Right answer to 2.6: a collector in a registry that is made with the service and kept in app.state
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, SummaryMetricFamily
from pydantic import BaseModel

from app.metrics import percentile

REPORTS = ("/metrics", "/metrics.json")


class Recorded:
    def __init__(self, recorder):
        self.recorder = recorder

    def collect(self):
        recorder = self.recorder
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


@asynccontextmanager
async def lifespan(app):
    app.state.registry = CollectorRegistry()
    app.state.registry.register(Recorded(app.state.recorder))
    yield


router = APIRouter(lifespan=lifespan)


class Latencies(BaseModel):
    """A route's latencies: percentiles of those in its window, in seconds, or null when there is none; and how many there ever were."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int


@router.get("/metrics")
def read_metrics(request: Request) -> Response:
    """All that was measured, in Prometheus' text format."""
    return Response(generate_latest(request.app.state.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


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
