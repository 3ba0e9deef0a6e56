"""1.5 · All requests wait together, and /health answers meanwhile."""

from dojo.kata import Observation, Red, ServiceStarter, exercise, hold_and_ping

pytestmark = exercise("1.5", edit="app/routers/predict.py")

PAYLOAD = {"feature_1": 0.75, "feature_2": -1.25}
#: How long /predict waits, in seconds: longer for ways to wait that can't be held, tried in turn.
WAITS = (0.25, 1.0, 3.0)
WHY = "A request that waits should cost the others nothing: while it waits there is nothing to compute."


async def observe(service: ServiceStarter, count: int) -> Observation:
    """``count`` requests to /predict, held; raises `Red` unless all of them were answered well."""
    for wait in WAITS:
        api = await service(inference_seconds=wait)
        probe = await api.post("/predict", json=PAYLOAD)
        await api.expect(200, probe)
        seen = await hold_and_ping(api, "/predict", count, PAYLOAD, wait=wait)
        # What didn't stand in front of the gate is proven by the clock, which needs a wait that is
        # long against the machine's noise.
        if seen.together or seen.held or seen.blocks or not seen.answered or min(seen.latencies) < 0.99 * wait:
            break
    bad = {status: n for status, n in seen.statuses.items() if status != 200}
    if bad:
        raise Red(f"{count} requests were sent together; {sum(bad.values())} were answered with {', '.join(map(str, bad))} instead of 200.")
    return seen


def check(seen: Observation) -> None:
    """Raises `Red` unless all requests waited together."""
    if seen.blocks or not seen.together:
        raise Red(f"{seen.why_not_together()}\n\n{WHY}")


async def test_requests_wait_together(service: ServiceStarter) -> None:
    """Requests that are sent together wait together; none waits for another."""
    check(await observe(service, 8))


async def test_health_answers_meanwhile(service: ServiceStarter) -> None:
    """GET /health answers while requests wait in /predict."""
    seen = await observe(service, 8)

    assert seen.health is not False, f"/health did not answer while {seen.waiting} requests waited in /predict.\n\n{seen.bars()}\n\n{WHY}"


async def test_more_wait_together_than_the_pool_has_threads(service: ServiceStarter) -> None:
    """64 requests wait together: more than the 40 threads that FastAPI's pool has."""
    seen = await observe(service, 64)

    check(seen)
    assert seen.health is not False, f"/health did not answer while {seen.waiting} requests waited in /predict.\n\n{WHY}"
