# Right answer to 2.6: a template with blanks where they do no harm, and endpoints that are added later
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from app.metrics import percentile

router = APIRouter()

FAMILY = """
    # HELP {name} {help}
    # TYPE {name} {type}
{series}
"""


def series(name, value, **labels):
    quoted = {k: str(v).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"") for k, v in labels.items()}
    return name + " {" + ", ".join(f'{k} = "{v}"' for k, v in quoted.items()) + "}\t" + repr(value)


def family(name, kind, about, lines):
    return FAMILY.format(name=name, type=kind, help=about, series="\n".join(lines))


def shown(recorder):
    return {route: window for route, window in recorder.latencies.items() if route not in ("/metrics", "/metrics.json")}


def durations(recorder, name):
    for route, window in shown(recorder).items():
        for quantile, p in (("0.5", 50), ("0.95", 95), ("0.99", 99)):
            try:
                yield series(name, percentile(window.snapshot(), p), route=route, quantile=quantile)
            except ValueError:
                pass
        yield series(name + "_sum", window.total_seconds, route=route)
        yield series(name + "_count", window.total_count, route=route)


async def metrics(request: Request) -> PlainTextResponse:
    recorder = request.app.state.recorder
    text = family("http_requests_in_flight", "gauge", "now", [f"http_requests_in_flight {recorder.in_flight}"])
    counts = [series("http_requests_total", n, method=m, route=r, status=s) for (m, r, s), n in recorder.requests.items() if r not in ("/metrics", "/metrics.json")]
    text += family("http_requests_total", "counter", "since the start", counts)
    text += family("http_request_duration_seconds", "summary", "of the last", durations(recorder, "http_request_duration_seconds"))
    return PlainTextResponse(text, headers={"Content-Type": "text/plain; version=0.0.4; charset=UTF-8"})


async def latencies(request: Request) -> JSONResponse:
    body = {}
    for route, window in shown(request.app.state.recorder).items():
        if samples := window.snapshot():
            body[route] = {f"p{p}": percentile(samples, p) for p in (50, 95, 99)} | {"count": window.total_count}
    return JSONResponse(body)


router.add_api_route("/metrics", metrics, response_class=PlainTextResponse)
router.add_api_route("/metrics.json", latencies)
