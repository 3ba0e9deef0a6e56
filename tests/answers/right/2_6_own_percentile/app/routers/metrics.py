# Right answer to 2.6: percentiles by an own function, series sorted, floats, labels in another order, blank lines and remarks
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

router = APIRouter()


class Latencies(BaseModel):
    """A route's latencies: percentiles of those in its window, in seconds, or null when there is none; and how many there ever were."""

    p50: float | None
    p95: float | None
    p99: float | None
    count: int


REPORTS = ("/metrics", "/metrics.json")


def percentile(samples, p):
    ascending = sorted(samples)
    return ascending[max(0, -(-p * len(ascending) // 100) - 1)]


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def lines(recorder):
    yield "# HELP http_requests_in_flight Requests that are being served."
    yield "# TYPE http_requests_in_flight gauge"
    yield f"http_requests_in_flight {recorder.in_flight}"
    yield "# HELP http_requests_total Requests that were served."
    yield "# TYPE http_requests_total counter"
    for (method, route, status), count in sorted(recorder.requests.items(), reverse=True):
        if route not in REPORTS:
            yield f'http_requests_total{{method="{method}",route="{escaped(route)}",status="{status}"}} {count}'
    yield ""
    yield "# the windows hold the last of each route"
    name = "http_request_duration_seconds"
    yield f"# HELP {name} How long requests took."
    yield f"# TYPE {name} summary"
    for route, window in recorder.latencies.items():
        if route in REPORTS:
            continue
        label = escaped(route)
        samples = window.snapshot()
        if samples:
            for p in (99, 95, 50):
                yield f'{name}{{quantile="{p / 100}", route="{label}",}} {percentile(samples, p)}'
        yield f'{name}_count{{route="{label}"}} {float(window.total_count):.15e}'
        yield f'{name}_sum{{route="{label}"}} {window.total_seconds}'


@router.get("/metrics")
async def read_metrics(request: Request) -> Response:
    """All that was measured, in Prometheus' text format."""
    text = "\n".join(lines(request.app.state.recorder)) + "\n"
    return Response(text, media_type="text/plain; version=0.0.4")


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
