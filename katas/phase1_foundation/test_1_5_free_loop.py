"""1.5 · All requests wait together, and /health answers meanwhile."""

import pytest_asyncio

from dojo.kata import Functions, Observation, Red, ServiceStarter, exercise
from katas.phase1_foundation.waiting import check_answers, different, observe_rounds, observe_waits

pytestmark = exercise("1.5", edit="app/routers/predict.py")

WHY = "A request that waits should cost the others nothing: while it waits there is nothing to compute."
FEW, MANY = different(8), different(64)


def check(seen: Observation) -> None:
    """Raises `Red` unless all requests waited together."""
    if seen.blocks or not seen.together:
        raise Red(f"{seen.why_not_together()}\n\n{WHY}")


@pytest_asyncio.fixture(scope="module")
async def eight(lasting_service: ServiceStarter) -> Observation:
    """What is seen of 8 requests; seen once for several tests, as looking takes a while."""
    return await observe_waits(lasting_service, "/predict", FEW)


async def test_requests_wait_together(eight: Observation) -> None:
    """Requests that are sent together wait together; none waits for another."""
    check(eight)


async def test_health_answers_meanwhile(eight: Observation) -> None:
    """GET /health answers while requests wait in /predict."""
    assert eight.health is not False, f"/health did not answer while {eight.waiting} requests waited in /predict.\n\n{eight.bars()}\n\n{WHY}"


async def test_each_gets_its_own_answer(eight: Observation, reference: Functions) -> None:
    """Requests that wait together, each with another input, get each its own prediction."""
    await check_answers(reference, eight, FEW)


async def test_more_wait_together_than_the_pool_has_threads(service: ServiceStarter) -> None:
    """64 requests wait together: more than the 40 threads that FastAPI's pool has."""
    seen = await observe_waits(service, "/predict", MANY)

    check(seen)
    assert seen.health is not False, f"/health did not answer while {seen.waiting} requests waited in /predict.\n\n{WHY}"


async def test_every_part_of_the_wait_is_shared(service: ServiceStarter, eight: Observation, reference: Functions) -> None:
    """64 requests wait together from the beginning of their wait to its end, and each for the whole of it."""
    if not eight.held:  # the clock has seen the whole of it
        return
    seen = await observe_rounds(service, "/predict", MANY, eight)

    check(seen)
    await check_answers(reference, seen, MANY)
