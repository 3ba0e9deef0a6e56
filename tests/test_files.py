"""What of a held file is seen: every way to open and to read it, with the line and the thread that did it."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from dojo.burst import Burst, Request
from dojo.given import GivenFile
from dojo.hold import hold
from dojo.launch import FORK, Launcher
from dojo.reading import SilentPipe, hold_steps
from dojo.subject import Run, Service
from dojo.workspace import Workspace

SERVICES = Path(__file__).parent / "services"
TEXT = "name,value\nregion,north\nmotto,naïve ☕\n"
#: What each way to read does at the file; how often it reads is the affair of Python's version.
STEPS = {
    "opened": ["open", "read"], "path_read_text": ["open", "read"], "path_read_bytes": ["open", "read"], "unbuffered": ["open", "read"],
    "by_lines": ["open", "read"], "by_csv": ["open", "read"], "by_codecs": ["open", "read"], "by_fileinput": ["open", "read"],
    "by_linecache": ["open"], "by_file_io": ["open"], "by_descriptor": ["open", "read"], "by_a_file_of_a_descriptor": ["open", "read"],
    "by_another_name": ["open", "read"], "mapped": ["open", "mmap"], "there_and_back": ["open", "read"],
    "by_a_program": ["run"], "by_a_shell": ["run"],
}


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """The hosts of the services below tests/services/."""
    launcher = Launcher(Workspace.at(SERVICES))
    yield Run(launcher)
    launcher.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that is held; another of its name lies in a folder beside it."""
    path = tmp_path_factory.mktemp("held") / "config.csv"
    (path.parent / "other").mkdir()
    for each in (path, path.parent / "other" / path.name):
        each.write_text(TEXT, encoding="utf-8")
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(run: Run, file: Path) -> AsyncIterator[Service]:
    """The service that reads it in all ways, with the gate in front of it."""
    api = await run.serve("app.reading:app", {"config_path": file}, edit=(), exercise="", hold_file=str(file))
    yield api
    await api.close()


async def steps(api: Service, path: str) -> tuple[list[tuple[str, str]], httpx.Response]:
    """What a request to ``path`` does at the file, with the place where it waits (what it repeats only once), and the answer."""
    await api.close_gate()
    burst = Burst(api, [Request("GET", path)])
    seen = await api.gather(1)
    while await api.release():
        seen = await api.gather(1)
    await api.open_gate()
    await burst.finish(5.0)
    assert burst.requests[0].response is not None
    seen = await api.report()
    assert all(step["frame"]["file"] == "app/reading.py" for step in seen["arrivals"] if step["frame"])
    done = [(step["what"].partition("(")[0], step["place"]) for step in seen["arrivals"]]
    return [step for step, _ in itertools.groupby(done)], burst.requests[0].response


@pytest.mark.parametrize(("where", "place"), [("on_a_thread", "pool"), ("on_the_loop", "blocking")])
@pytest.mark.parametrize("way", STEPS)
async def test_each_step_of_each_way_is_held(api: Service, way: str, where: str, place: str) -> None:
    """Opening and reading are held one after the other, on the thread that does them; what is read is what is there."""
    seen, answer = await steps(api, f"/{where}/{way}")

    assert [(step, place) for step in STEPS[way]] == seen
    assert TEXT == answer.json() if answer.text.startswith('"') else TEXT == answer.text


@pytest.mark.parametrize(("path", "expected"), [
    ("/executor", [("open", "pool"), ("read", "pool")]),
    ("/anyio", [("open", "pool"), ("read", "pool")]),
    ("/half", [("open", "pool"), ("read", "blocking")]),
    ("/half_a_descriptor", [("open", "pool"), ("read", "blocking")]),
    ("/half_mapped", [("open", "pool"), ("mmap", "blocking")]),
    ("/awaited_program", [("run", "loop")]),
    ("/awaited_shell", [("run", "loop")]),
    ("/elsewhere", []),
])
async def test_each_step_is_held_where_it_waits(api: Service, path: str, expected: list[tuple[str, str]]) -> None:
    """Steps on threads, on the loop and in programs are told apart; a look at the file, and other files, are never held."""
    seen, answer = await steps(api, path)

    assert expected == seen
    assert TEXT == answer.text


@pytest.mark.skipif(not FORK, reason="this platform forks no processes")
async def test_a_forked_process_is_not_held(api: Service) -> None:
    """In a process that the service forks, nobody could let a reading go."""
    seen, answer = await steps(api, "/process")

    assert [] == seen
    assert TEXT == answer.text


async def test_the_line_is_named(api: Service) -> None:
    """A reading that holds the loop is told with the line at which it was done."""
    seen = await hold_steps(api, "/half", 3)

    assert seen.blocks
    assert seen.health is False
    assert "return file.read()" in seen.why_not_together()


@pytest.mark.skipif(not SilentPipe.is_possible(), reason="this platform has no named pipes")
@pytest.mark.parametrize(("path", "free"), [("/half_raw", False), ("/on_a_thread/by_file_io", True), ("/process", True), ("/awaited_program", True)])
async def test_a_silent_pipe_holds_every_reading(api: Service, file: Path, path: str, free: bool) -> None:
    """A reading that no gate sees holds the loop, or leaves it free; afterwards the file is what it was."""
    await api.close_gate()  # which forgets what other tests did
    await api.open_gate()

    seen = await hold(api, SilentPipe(GivenFile(file)), [Request("GET", path)] * 2)

    assert free is (not seen.blocks) is seen.health
    assert seen.answered
    assert TEXT == file.read_text(encoding="utf-8")
    if not free:
        assert "return file.readall().decode()" == seen.blocks[0]["place"]["text"]


