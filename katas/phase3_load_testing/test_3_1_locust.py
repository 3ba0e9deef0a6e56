"""3.1 · Locust runs here, and loads the locustfile."""

import importlib.metadata
from collections.abc import Awaitable, Callable

import pytest

from dojo.kata import Answer, Inconclusive, Load, Upstream, beside, exercise

pytestmark = exercise("3.1")


async def test_locust_loads_the_locustfile(load: Load, note: Callable[[str], None]) -> None:
    """Locust imports `locustfile.py` and finds users in it."""
    found = await load.found()

    note(f"Locust {importlib.metadata.version('locust')}")
    assert found.users, "Locust can import locustfile.py and finds no user in it: no class that is a FastHttpUser, and isn't abstract."


@pytest.mark.live
async def test_locust_puts_a_load_on_a_service(load: Load, upstream: Callable[..., Awaitable[Upstream]]) -> None:
    """Four users of the kata's own ask a service, and Locust's statistics agree with what the service counted."""
    service = await upstream("the service", lambda call: Answer(json={}))

    run = await load.run("BenchUser", host=service.url, count=4, seconds=20, locustfile=beside(__file__, "_bench_users.py", "")[:-1],
                         enough=lambda: len(service.calls) >= 40)

    told = run.total.get("Request Count", "0")
    if run.generator is None or (len(service.calls) < 40 and run.generator.strained()):
        raise Inconclusive("the machine is too busy for four simulated users" if run.generator else "Locust ended without a word of its own load")
    # What was answered when the run ended may not have been read any more: one request a user at most.
    assert len(service.calls) - 4 <= int(told) <= len(service.calls), (
        f"The service counted {len(service.calls)} requests, Locust {told}. It printed:\n{run.printed}"
    )
    assert "0" == run.total["Failure Count"], f"Locust counted {run.total['Failure Count']} failed requests. It printed:\n{run.printed}"
