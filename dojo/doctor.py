"""``dojo doctor``: what phase 0 checks, and what the learner's own tools need, each with its cure."""

import argparse
import asyncio
import platform
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text
from watchfiles import awatch

from dojo import catalog, services
from dojo.judge import Judge
from dojo.learn import judged, workspace_of
from dojo.results import FINE
from dojo.show import Printer
from dojo.stubs import NoStub, shipped
from dojo.workspace import ROOT, Workspace

#: How long an event of the file system may take, in seconds.
EVENT_PATIENCE = 5.0
#: What copies of a workspace and a PostgreSQL may take, in megabytes.
ROOM = 200


def doctor(arguments: argparse.Namespace) -> int:
    """Looks at everything; 1 when something is missing that no exercise can do without."""
    return asyncio.run(_doctor(workspace_of(arguments)))


async def _doctor(workspace: Workspace) -> int:
    out = Printer()
    bench = next(each for each in catalog.exercises() if each.phase == "0")
    judge = Judge(workspace)
    try:
        result = await judged(judge, bench)
    finally:
        await judge.close()
    out.print(*out.verdict(result))
    async for good, what, cure in _looks(workspace):
        line: list[RenderableType] = [Text.assemble(out.sign("green" if good else "unclear"), f" {what}")]
        out.print(*line, *([Padding(Text(cure), (0, 0, 0, 7))] if not good else []))
    return 0 if result.state in FINE else 1


async def _looks(workspace: Workspace) -> AsyncIterator[tuple[bool, str, str]]:
    """Each thing that was looked at: whether it is well, what it is, and the cure."""
    yield True, f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}", ""
    for name, start in (("PostgreSQL", services.postgres), ("Redis", services.redis)):
        try:
            server = await asyncio.to_thread(start)
        except services.NoService as error:
            yield False, f"{name} doesn't start, and phase 1.5 needs it", str(error)
        else:
            yield True, f"{name} starts ({server.how})", ""
            await asyncio.to_thread(server.close)
    try:
        noticed = await _events(workspace.path)
    except OSError as error:
        yield (False, "this folder can't be written: no exercise can be solved here, and nothing is remembered",
               f"{error.strerror}: {workspace.path}. Make it yours, or clone the repository to where you may write.")
    else:
        yield (noticed, "a save is noticed in this folder",
               "No event came, as on a network's file system, or on Windows' own files in WSL: nox -s watch -- --poll looks at the files instead.")
    try:
        shipped(next(file for each in catalog.exercises() for file in each.edit))
    except NoStub as error:
        yield False, "the shipped stubs can't be read, so there is no reset, and compare shows whole files only", str(error)
    else:
        yield True, "the shipped stubs can be read: reset and compare work", ""
    plain = Printer().plain
    yield not plain, "this terminal shows signs and pictures", "Its encoding can't, so letters stand for them. With PYTHONUTF8=1 it may."
    free = shutil.disk_usage(ROOT).free / 1e9
    yield free > 1, f"{free:.0f} GB are free", "The environment and the container's image need about 1 GB."
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free / 1e6
    yield (free > ROOM, f"{f'{free:.0f} MB' if free < 1000 else f'{free / 1000:.0f} GB'} are free for temporary files, in {folder}",
           f"A judging, with PostgreSQL, may need {ROOM} MB. Make room there, or name a folder on another disk with TMPDIR.")


async def _events(folder: Path) -> bool:
    """Whether the file system tells of a change in ``folder``."""
    with tempfile.TemporaryDirectory(prefix=".dojo-", dir=folder) as temporary:
        watched = Path(temporary)

        async def write() -> None:
            for number in range(int(EVENT_PATIENCE / 0.2)):
                await asyncio.sleep(0.2)  # the watcher needs a moment before it looks
                (watched / f"file-{number}").write_text("x")

        writing = asyncio.create_task(write())
        try:
            async for changes in awatch(watched, step=20, debounce=100, rust_timeout=int(EVENT_PATIENCE * 1000), yield_on_timeout=True):
                return bool(changes)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
    return False
