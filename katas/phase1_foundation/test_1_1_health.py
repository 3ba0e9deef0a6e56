"""1.1 · GET /health says that the service lives."""

from dojo.kata import ServiceStarter, exercise

pytestmark = exercise("1.1", edit="app/main.py")

WHY = (
    "\nA load balancer asks this every few seconds and sends no traffic to a service that gives "
    "another answer, or none. It has to answer while everything else waits, and that depends on "
    "the event loop, which runs one piece of code at a time: the exercises from 1.4 on are about it."
)


async def test_health_is_healthy(service: ServiceStarter) -> None:
    """GET /health answers 200 with the JSON body {"status": "healthy"}."""
    api = await service()

    answer = await api.get("/health")

    await api.expect(200, answer, why=WHY)
    kind = answer.headers.get("content-type", "nothing")
    assert "application/json" == kind.partition(";")[0], f"The body came as {kind}, not as application/json.\n{WHY}"
    try:
        body = answer.json()
    except ValueError:
        body = None
    assert isinstance(body, dict), f"The body is {answer.text}, which is no JSON object{WHY}"
    assert {"status": "healthy"} == body, f"The body was {answer.text}\n{WHY}"


async def test_health_takes_no_other_method(service: ServiceStarter) -> None:
    """Any other method is answered with 405, Method Not Allowed."""
    api = await service()

    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await api.request(method, "/health")

        assert 405 == answer.status_code, (
            f"{method} /health answered {answer.status_code}: a health check is read, never written. "
            "An endpoint that takes every method hides a client's mistakes."
        )
