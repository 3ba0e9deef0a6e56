"""A service that was sent a SIGTERM: what it waits for; and what its code logs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from dojo.burst import Burst, Request
from dojo.launch import Launcher
from dojo.subject import Run, Service
from dojo.workspace import Workspace

SERVICES = Path(__file__).parent / "services"
Starter = Callable[[str], Awaitable[Service]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """The hosts of the services below tests/services/."""
    launcher = Launcher(Workspace.at(SERVICES))
    yield Run(launcher)
    launcher.close()


@pytest_asyncio.fixture
async def serve(run: Run) -> AsyncIterator[Starter]:
    """Starts one of the applications of ending.py."""
    started: list[Service] = []

    async def start(name: str) -> Service:
        started.append(await run.serve(f"app.ending:{name}", {}, edit=(), exercise=""))
        return started[-1]

    yield start
    for api in started:
        await api.close()


@pytest.mark.parametrize("name", ["at_once", "sleeps", "gives_up", "blocks"])
async def test_who_waits_for_nothing_ends(serve: Starter, name: str) -> None:
    """Sleeping for a while, or giving up after a while, is no waiting: its clock is put forward, or its end awaited."""
    api = await serve(name)

    assert not await api.terminate()

    assert await api.host.ends(5)
    assert (15, True) == (api.host.ended["status"], api.host.ended["signaled"])


@pytest.mark.parametrize("name", ["waits", "joins"])
async def test_who_waits_is_seen_to(serve: Starter, name: str) -> None:
    """On the loop, or with the loop standing at a thread; asked again it still waits."""
    api = await serve(name)

    assert await api.terminate()
    assert await api.lingers()

    assert not api.host.gone


async def test_a_background_task_is_waited_for(serve: Starter) -> None:
    """Uvicorn waits for it, before the lifespan ends."""
    api = await serve("at_once")
    burst = Burst(api, [Request("GET", "/background")])
    assert await burst.finish(5)

    assert await api.terminate()


async def test_what_is_logged(serve: Starter) -> None:
    """Records at WARNING or above that the service's own code makes, wherever they go; no complaint of asyncio's."""
    api = await serve("at_once")

    await api.get("/log")

    first, second = await api.logged()
    assert ("WARNING", "uvicorn.error", "this is noted") == (first["level"], first["logger"], first["message"])
    assert ("app/ending.py", 'silent.warning("%s is noted", "this")') == (first["place"]["file"], first["place"]["text"])
    assert ("ERROR", "so is a thread's") == (second["level"], second["message"])
