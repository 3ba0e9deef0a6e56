"""The learner's image, and what it was built from."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dojo.container import PORT, Container
from dojo.context import Trap, context
from dojo.dockerfile import Dockerfile
from dojo.engine import Built, Engine
from dojo.layers import Saved


@dataclass
class Image:
    """The learner's image, and the context that it was built from."""

    engine: Engine
    trap: Trap
    folder: Path
    built: Built
    _saved: Saved | None = None

    @classmethod
    async def build(cls, engine: Engine, workspace: Path) -> "Image":
        """The image of a workspace, in a context with things in it that have no place in an image; raises what `Engine.build` does."""
        trap = Trap()
        folder = await asyncio.to_thread(context, workspace, engine.folder("context"), files=trap.files)
        return cls(engine, trap, folder, await engine.build(folder))

    @property
    def tag(self) -> str:
        """How the engine calls it."""
        return self.built.tag

    @cached_property
    def dockerfile(self) -> Dockerfile:
        """The Dockerfile that it was built from."""
        return Dockerfile.read((self.folder / "Dockerfile").read_text(encoding="utf-8", errors="replace"))

    async def saved(self) -> Saved:
        """The image taken apart; once in a run, as that takes a second."""
        if self._saved is None:
            self._saved = await self.engine.save(self.tag, self.dockerfile.base)
        return self._saved

    async def start(self, *flags: str, port: int = PORT, command: Sequence[str] = ()) -> Container:
        """A container of it: see `Container.start`."""
        return await Container.start(self.engine, self.tag, *flags, port=port, command=command)
