# Right answer to 2.6: the library's own counter and gauge in a registry for each recorder, brought up to date by what has come since.
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

import weakref
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import SummaryMetricFamily
from prometheus_client.samples import Sample

from app.metrics import percentile
from app.recorder import Recorder

router = APIRouter()
NAME = "http_request_duration_seconds"


class Shown:
    def __init__(self, recorder):
        self.registry = CollectorRegistry()
        self.recorder = weakref.proxy(recorder)
        self.total = Counter("http_requests", "Requests", ["method", "route", "status"], registry=self.registry)
        self.in_flight = Gauge("http_requests_in_flight", "In flight", registry=self.registry)
        self.in_flight.set_function(lambda: self.recorder.in_flight)
        self.known = {}
        self.registry.register(self)

    def collect(self):
        family = SummaryMetricFamily(NAME, "Durations", labels=["route"])
        for route, window in self.recorder.latencies.items():
            if route in own_routes():
                continue
            family.add_metric([route], count_value=window.total_count, sum_value=window.total_seconds)
            if samples := window.snapshot():
                family.samples += [Sample(NAME, {"quantile": q, "route": route}, percentile(samples, p)) for q, p in (("0.5", 50), ("0.95", 95), ("0.99", 99))]
        yield family

    def text(self):
        for (method, route, status), count in self.recorder.requests.items():
            if route not in own_routes():
                self.total.labels(method, route, status).inc(count - self.known.get((method, route, status), 0))
                self.known[method, route, status] = count
        return generate_latest(self.registry)


SHOWN: "weakref.WeakKeyDictionary[Recorder, Shown]" = weakref.WeakKeyDictionary()


def own_routes():
    return {route.path for route in router.routes}


def recorder_of(request: Request) -> Recorder:
    return request.app.state.recorder


@router.get("/metrics", response_class=Response)
async def read_metrics(recorder: Annotated[Recorder, Depends(recorder_of)]) -> Response:
    shown = SHOWN.get(recorder) or SHOWN.setdefault(recorder, Shown(recorder))
    return Response(shown.text(), headers={"content-type": CONTENT_TYPE_LATEST})


@router.get("/metrics.json")
async def read_latencies(recorder: Annotated[Recorder, Depends(recorder_of)]):
    return {
        route: {f"p{p}": percentile(samples, p) for p in (50, 95, 99)} | {"count": window.total_count}
        for route, window in recorder.latencies.items() if route not in own_routes() and (samples := window.snapshot())
    }
