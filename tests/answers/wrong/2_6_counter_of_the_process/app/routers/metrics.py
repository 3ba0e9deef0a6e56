# Wrong answer to 2.6: a counter of the module's is told what is new, and so every application shows the requests of all.
# Rejected by: test_each_application_shows_its_own
# Because: Another application in the same process was asked

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import Metric
from app.metrics import percentile

router = APIRouter()
REPORTS = ("/metrics", "/metrics.json")
registry = CollectorRegistry()
TOTAL = Counter("http_requests", "x", ["method", "route", "status"], registry=registry)
seen = {}

@router.get("/metrics")
async def read_metrics(request: Request):
    rec = request.app.state.recorder
    for key, n in rec.requests.items():
        if key[1] not in REPORTS:
            TOTAL.labels(*map(str, key)).inc(n - seen.get(key, 0))
            seen[key] = n
    g = CollectorRegistry()
    Gauge("http_requests_in_flight", "x", registry=g).set(rec.in_flight)
    class C:
        def collect(self):
            m = Metric("http_request_duration_seconds", "x", "summary")
            for r, w in rec.latencies.items():
                if r in REPORTS: continue
                s = w.snapshot()
                for p in (50, 95, 99):
                    if s: m.add_sample(m.name, {"route": r, "quantile": str(p / 100)}, percentile(s, p))
                m.add_sample(m.name + "_count", {"route": r}, w.total_count)
                m.add_sample(m.name + "_sum", {"route": r}, w.total_seconds)
            yield m
    g.register(C())
    return Response(generate_latest(registry) + generate_latest(g), media_type="text/plain; version=0.0.4")

@router.get("/metrics.json")
async def read_latencies(request: Request):
    out = {}
    for r, w in request.app.state.recorder.latencies.items():
        if r not in REPORTS and (s := w.snapshot()):
            out[r] = {f"p{p}": percentile(s, p) for p in (50, 95, 99)} | {"count": w.total_count}
    return out
