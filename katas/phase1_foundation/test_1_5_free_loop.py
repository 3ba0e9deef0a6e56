"""1.5 · All requests wait together, and /health answers meanwhile."""

import pytest_asyncio

from dojo.kata import Observation, Red, ServiceStarter, exercise
from katas.phase1_foundation.waiting import observe_waits

pytestmark = exercise("1.5", edit="app/routers/predict.py")

PAYLOAD = {"feature_1": 0.75, "feature_2": -1.25}
WHY = "A request that waits should cost the others nothing: while it waits there is nothing to compute."


async def observe(service: ServiceStarter, count: int) -> Observation:
    """``count`` requests to /predict, held; raises `Red` unless all of them were answered well."""
    return await observe_waits(service, "/predict", count, PAYLOAD)


def check(seen: Observation) -> None:
    """Raises `Red` unless all requests waited together."""
    if seen.blocks or not seen.together:
        raise Red(f"{seen.why_not_together()}\n\n{WHY}")


@pytest_asyncio.fixture(scope="module")
async def eight(lasting_service: ServiceStarter) -> Observation:
    """What is seen of 8 requests; seen once for two tests, as looking takes a while."""
    return await observe(lasting_service, 8)


async def test_requests_wait_together(eight: Observation) -> None:
    """Requests that are sent together wait together; none waits for another."""
    check(eight)


async def test_health_answers_meanwhile(eight: Observation) -> None:
    """GET /health answers while requests wait in /predict."""
    assert eight.health is not False, f"/health did not answer while {eight.waiting} requests waited in /predict.\n\n{eight.bars()}\n\n{WHY}"


async def test_more_wait_together_than_the_pool_has_threads(service: ServiceStarter) -> None:
    """64 requests wait together: more than the 40 threads that FastAPI's pool has."""
    seen = await observe(service, 64)

    check(seen)
    assert seen.health is not False, f"/health did not answer while {seen.waiting} requests waited in /predict.\n\n{WHY}"
