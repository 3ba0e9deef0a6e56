# Right answer to 2.6: printed into a text buffer by methods of a class, whose routes are added by it; Decimals, and str as an answer.
"""GET /metrics for Prometheus, and GET /metrics.json for a person: what the recorder has seen of the service's requests."""

import io
import re
from collections import Counter
from decimal import Decimal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from app.metrics import percentile

SIGNS = {"\\": r"\\", '"': r'\"', "\n": r"\n"}


class Reports:
    paths = text, json = "/metrics", "/metrics.json"

    def __init__(self):
        self.router = APIRouter(tags=["reports"])
        self.router.add_api_route(self.text, self.show, response_class=PlainTextResponse)
        self.router.add_api_route(self.json, self.show_json, response_class=JSONResponse)

    def show(self, request: Request) -> str:
        """For Prometheus."""
        recorder, out = request.app.state.recorder, io.StringIO()

        def sample(name, value, **labels):
            quoted = [re.sub(r'[\\"\n]', lambda found: SIGNS[found[0]], str(each)) for each in labels.values()]
            print(name, "{", ",".join(f'{label}="{each}"' for label, each in zip(labels, quoted)), "} ", Decimal(value), sep="", file=out)

        print("# HELP http_requests_total Requests that are over, by what they were and what they got.", file=out)
        print("# TYPE http_requests_total counter", file=out)
        counts = Counter()
        for (method, route, status), count in sorted(recorder.requests.items()):
            if route not in self.paths:
                counts[route] += count
                sample("http_requests_total", count, status=status, route=route, method=method)
        print("# TYPE http_request_duration_seconds summary", file=out)
        for route, window in recorder.latencies.items():
            if route in self.paths:
                continue
            samples = window.snapshot()
            sample("http_request_duration_seconds_count", counts[route], route=route)
            sample("http_request_duration_seconds_sum", window.total_seconds, route=route)
            for p in (99, 95, 50):
                sample("http_request_duration_seconds", percentile(samples, p) if samples else "NaN", quantile=Decimal(p) / 100, route=route)
        print("# TYPE http_requests_in_flight gauge\nhttp_requests_in_flight", recorder.in_flight, file=out)
        return out.getvalue()

    def show_json(self, request: Request):
        """For a person."""
        shown = {}
        for route, window in request.app.state.recorder.latencies.items():
            if route in self.paths:
                continue
            try:
                samples = window.snapshot()
                shown[route] = {"count": window.total_count, **{f"p{p}": percentile(samples, p) for p in (50, 95, 99)}}
            except ValueError:
                shown[route] = {"count": window.total_count, "p50": None, "p95": None, "p99": None}
        return shown


router = Reports().router
