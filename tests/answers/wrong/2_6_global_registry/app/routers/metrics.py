# Wrong answer to 2.6: the metrics are made at each scrape, in the one registry of the process
# Rejected by: test_each_scrape_is_new
# Because: Duplicated timeseries
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from prometheus_client.core import REGISTRY, Metric
from pydantic import BaseModel

from app.metrics import percentile

router = APIRouter()


class Latencies(BaseModel):
    """A route's latencies: percentiles of those in its window, in seconds, or null when there is none; and how many there ever were."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int


REPORTS = ("/metrics", "/metrics.json")


class Durations:
    def __init__(self, recorder):
        self.recorder = recorder

    def collect(self):
        metric = Metric("http_request_duration_seconds", "How long requests took.", "summary")
        for route, window in self.recorder.latencies.items():
            if route in REPORTS:
                continue
            for p in (50, 95, 99):
                if samples := window.snapshot():
                    metric.add_sample(metric.name, {"route": route, "quantile": str(p / 100)}, percentile(samples, p))
            metric.add_sample(f"{metric.name}_count", {"route": route}, window.total_count)
            metric.add_sample(f"{metric.name}_sum", {"route": route}, window.total_seconds)
        yield metric


@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """All that was measured, in Prometheus' text format."""
    recorder = request.app.state.recorder
    REGISTRY.register(Durations(recorder))
    Gauge("http_requests_in_flight", "Requests that are being served.").set(recorder.in_flight)
    total = Counter("http_requests_total", "Requests that were served.", ["method", "route", "status"])
    for (method, route, status), count in recorder.requests.items():
        if route not in REPORTS:
            total.labels(method, route, str(status)).inc(count)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


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
