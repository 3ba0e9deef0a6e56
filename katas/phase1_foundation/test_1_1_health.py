"""1.1 · GET /health says that the service lives."""

import json
import random
import string
from collections import Counter
from typing import Any

from dojo.kata import ServiceStarter, exercise

pytestmark = exercise("1.1", edit="app/main.py")

WHY = (
    "\nA load balancer asks this every few seconds and sends no traffic to a service that gives "
    "another answer, or none. It has to answer while everything else waits, and that depends on "
    "the event loop, which runs one piece of code at a time: the exercises from 1.4 on are about it."
)


def read_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object none of whose keys stands there twice, of which readers would take one or the other."""
    for key, times in Counter(key for key, _ in pairs).items():
        assert times == 1, f'The key "{key}" stands in it {times} times: one client reads the first of them, another the last.\n{WHY}'
    return dict(pairs)


async def test_health_is_healthy(service: ServiceStarter) -> None:
    """GET /health answers 200 with the JSON body {"status": "healthy"}, as often as it is asked."""
    api = await service()

    for again in ("", "It was asked for the second time.", "It was asked for the third time."):
        # Whoever asks: each time it is another client, by another name of the service.
        asks = {"user-agent": f"load-balancer/{random.randint(1, 99)}.{random.randint(0, 99)}",
                "host": random.choice(("api.internal", "10.0.0.7:8000")), "accept": random.choice(("*/*", "text/plain"))}
        answer = await api.get("/health" + (f"?at={random.randint(1, 99)}" if again else ""), headers=asks)

        await api.expect(200, answer, why=f"{again}{WHY}")
        kind = answer.headers.get("content-type", "nothing")
        assert "application/json" == kind.partition(";")[0].strip().lower(), f"The body came as {kind}, not as application/json.\n{WHY}"
        try:
            body = json.loads(answer.text, object_pairs_hook=read_once)
        except ValueError:
            body = None
        assert isinstance(body, dict), f"The body is {answer.text}, which is no JSON object{WHY}"
        assert {"status": "healthy"} == body, f"The body was {answer.text}\n{again}{WHY}"


async def test_health_takes_no_other_method(service: ServiceStarter) -> None:
    """Any other method than GET and HEAD is answered with 405, Method Not Allowed."""
    api = await service()

    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"):
        answer = await api.request(method, "/health")

        assert 405 == answer.status_code, (
            f"{method} /health answered {answer.status_code}: a health check is read, never written. "
            "An endpoint that takes every method hides a client's mistakes."
        )


async def test_only_this_path_is_the_health_check(service: ServiceStarter) -> None:
    """A longer path that begins in the same way is answered with 404, Not Found."""
    api = await service()
    more = "".join(random.choices(string.ascii_lowercase, k=3))

    for path in ("/healthy", "/healthz", "/health/now", f"/health{more}", f"/health/{more}"):
        answer = await api.get(path)

        assert 404 == answer.status_code, (
            f"GET {path} answered {answer.status_code}, not 404: a load balancer with a mistake in its settings would never learn of it."
        )
