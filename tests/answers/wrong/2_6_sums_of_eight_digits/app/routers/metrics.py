# Wrong answer to 2.6: sums are written with eight digits.
# Rejected by: test_what_was_measured_is_shown
# Because: seconds_sum\{route="/download"\} Expected \d.* has lost digits

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse
from app.metrics import percentile

router = APIRouter()
EXCLUDED = {"/metrics", "/metrics.json"}

def escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

def num(value):
    return f"{value:.8g}"

@router.get("/metrics")
async def read_metrics(request: Request):
    recorder = request.app.state.recorder
    pass
    lines = [
        "# HELP http_request_duration_seconds Time from a request's arrival to the last byte of its answer.",
        "# TYPE http_request_duration_seconds summary",
    ]
    for route, window in recorder.latencies.items():
        if route in EXCLUDED:
            continue
        r = escape(route)
        samples = window.snapshot()
        if samples:
            for q, p in (("0.5", 50), ("0.95", 95), ("0.99", 99)):
                lines.append(f'http_request_duration_seconds{{route="{r}",quantile="{q}"}} {percentile(samples, p)}')
        lines.append(f'http_request_duration_seconds_sum{{route="{r}"}} {num(window.total_seconds)}')
        lines.append(f'http_request_duration_seconds_count{{route="{r}"}} {window.total_count}')
    lines.append("# TYPE http_requests_total counter")
    for (method, route, status), count in sorted(recorder.requests.items()):
        if route not in EXCLUDED:
            lines.append(f'http_requests_total{{method="{method}",route="{escape(route)}",status="{status}"}} {count}')
    lines.append("# TYPE http_requests_in_flight gauge")
    lines.append(f"http_requests_in_flight {recorder.in_flight}")
    text = "\n".join(lines) + "\n"
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")

@router.get("/metrics.json")
async def read_latencies(request: Request):
    result = {}
    for route, window in request.app.state.recorder.latencies.items():
        if route in EXCLUDED:
            continue
        samples = window.snapshot()
        result[route] = {
            **{f"p{p}": (percentile(samples, p) if samples else None) for p in (50, 95, 99)},
            "count": window.total_count,
        }
    return result
