# Right answer to 2.6: a registry for each scrape, with the library's own counter and gauge set to what is known
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel

from app.metrics import percentile

router = APIRouter()
REPORTS = ("/metrics", "/metrics.json")


class Latencies(BaseModel):
    """A route's latencies: percentiles of those in its window, in seconds, or null when there is none; and how many there ever were."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int


class Durations:
    def __init__(self, latencies):
        self.latencies = latencies

    def collect(self):
        metric = Metric("http_request_duration_seconds", "How long requests took.", "summary")
        for route, window in self.latencies.items():
            samples = window.snapshot()
            for p in (50, 95, 99) if samples else ():
                metric.add_sample(metric.name, {"route": route, "quantile": str(p / 100)}, percentile(samples, p))
            metric.add_sample(f"{metric.name}_count", {"route": route}, window.total_count)
            metric.add_sample(f"{metric.name}_sum", {"route": route}, window.total_seconds)
        return [metric]


@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """All that was measured, in Prometheus' text format."""
    recorder = request.app.state.recorder
    registry = CollectorRegistry()
    Gauge("http_requests_in_flight", "Requests that are being served.", registry=registry).set(recorder.in_flight)
    total = Counter("http_requests", "Requests that were served.", ["method", "route", "status"], registry=registry)
    for (method, route, status), count in recorder.requests.items():
        if route not in REPORTS:
            total.labels(method, route, status).inc(count)
    registry.register(Durations({route: window for route, window in recorder.latencies.items() if route not in REPORTS}))
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(registry), media_type=content_type)


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
