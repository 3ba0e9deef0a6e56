"""The other end of ``warm.py``: asks the preloaded judge, and starts it again when it is gone."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from dojo.workspace import ROOT, Workspace

#: Limits that only end a hang, in seconds: for imports, and for an end.
START_PATIENCE, ENDING_PATIENCE = 60.0, 20.0


class JudgeGone(Exception):
    """The preloaded judge ended by itself; the text is the last that it said."""


class Judge:
    """Judges exercises of one workspace, one at a time."""

    def __init__(self, workspace: Workspace, *, quick: bool = False) -> None:
        self._workspace = workspace
        self._quick = quick
        self._process: asyncio.subprocess.Process | None = None
        self._number = 0
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Starts it, if it doesn't run, and waits until it is ready; raises `JudgeGone`."""
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return
            # Its session is its own: the terminal's Ctrl-C is for us, and we end it.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "dojo.warm", cwd=ROOT, start_new_session=True, limit=1 << 24,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
            try:
                async with asyncio.timeout(START_PATIENCE):
                    await self._answer()
            except TimeoutError:
                await self.close()
                raise JudgeGone("it did not import its libraries within the patience limit") from None

    async def judge(self, exercise_id: str) -> AsyncIterator[dict[str, Any]]:
        """What a judging tells, as in ``warm.py``, up to its ``ended``. Another call, from another task, ends this one early.

        Raises `JudgeGone` when the judge ended, whatever the reason.
        """
        await self.start()
        self._number += 1
        number = self._number
        self._ask(judge=number, exercise=exercise_id, workspace=str(self._workspace.path), quick=self._quick)
        while True:
            told = await self._answer()
            if told.get("judge") == number:
                yield told
                if "ended" in told:
                    return

    def cancel(self) -> None:
        """Ends the judging that runs; nothing more is told of it."""
        self._number += 1
        if self._process is not None and self._process.returncode is None:
            self._ask(cancel=True)

    async def close(self) -> None:
        """Ends the judge with all that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        # Read to its end: somebody who waits to write could not end.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDING_PATIENCE):
                await process.communicate()
        if process.returncode is None:
            process.kill()
            await process.wait()

    def _ask(self, **what: Any) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(what).encode() + b"\n")

    async def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            with contextlib.suppress(ValueError):
                told = json.loads(line)
                if isinstance(told, dict):
                    return told
        assert self._process.stderr is not None
        said = (await self._process.stderr.read()).decode(errors="replace").strip()
        await self._process.wait()
        raise JudgeGone(said[-2000:] or "it was ended by somebody")
