# Right answer to 2.6: the library's own ASGI application answers, with a registry of the moment, and pydantic's RootModel makes the JSON.
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Metric, make_asgi_app
from pydantic import RootModel
from typing_extensions import TypedDict

from app.metrics import percentile

router = APIRouter()


class Row(TypedDict, total=False):
    p50: float
    p95: float
    p99: float
    count: int


class Families:
    """A collector of families that are there already."""

    def __init__(self, *families):
        self.families = families

    def collect(self):
        return self.families


class Passed(Response):
    """An answer that another application gives."""

    def __init__(self, app):
        super().__init__()
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


def shown(recorder):
    return [(route, window) for route, window in recorder.latencies.items() if route not in {"/metrics", "/metrics.json"}]


@router.get("/metrics", response_class=Passed)
async def read_metrics(request: Request):
    recorder = request.app.state.recorder
    duration = Metric("http_request_duration_seconds", "Time to the last byte.", "summary")
    for route, window in shown(recorder):
        duration.add_sample(f"{duration.name}_sum", {"route": route}, window.total_seconds)
        duration.add_sample(f"{duration.name}_count", {"route": route}, window.total_count)
        samples = window.snapshot()
        for p in (50, 95, 99) if samples else ():
            duration.add_sample(duration.name, {"route": route, "quantile": f"{p / 100:g}"}, percentile(samples, p))
    requests = Metric("http_requests", "Requests.", "counter")
    for (method, route, status), count in recorder.requests.items():
        if route not in {"/metrics", "/metrics.json"}:
            requests.add_sample("http_requests_total", {"method": method, "route": route, "status": f"{status:d}"}, count)
    in_flight = Metric("http_requests_in_flight", "Requests in flight.", "gauge")
    in_flight.add_sample(in_flight.name, {}, recorder.in_flight)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Families(in_flight, duration, requests))
    return Passed(make_asgi_app(registry))


@router.get("/metrics.json", response_model=RootModel[dict[str, Row]])
async def read_latencies(request: Request):
    rows = {}
    for route, window in shown(request.app.state.recorder):
        rows[route] = Row(count=window.total_count)
        if samples := window.snapshot():
            rows[route] |= {f"p{p}": percentile(samples, p) for p in (50, 95, 99)}
    return rows
