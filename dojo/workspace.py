"""Which tree is judged: the one that a learner edits, copied before anything in it runs.

A workspace holds ``app/`` and the few files beside it that an exercise may ask for. The judge
works on a copy (a *snapshot*): a file that is saved in the middle of a run, or that deletes
itself, can't change what is judged, and nothing is ever written into the workspace.

An answer under ``tests/answers/`` holds only what differs; it is laid over ``solutions/``.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

#: The root of the repository.
ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "solutions"
ANSWERS = ROOT / "tests" / "answers"

#: All that a learner edits; nothing else of a workspace is ever read.
EDITABLE = ("app", "locustfile.py", "locust.conf", "Dockerfile", ".dockerignore", "docker-compose.yml")


class NotAWorkspace(Exception):
    """The folder given holds nothing that could be judged; the text says what was expected."""


@dataclass(frozen=True)
class Workspace:
    """A tree to judge: ``path``, laid over ``base`` when there is one."""

    path: Path
    base: Path | None = None

    @classmethod
    def at(cls, path: str | Path) -> "Workspace":
        """The workspace at ``path``, which is taken from the current folder, then from the root.

        Raises `NotAWorkspace` when there is no such folder or it holds no ``app/``.
        """
        given = Path(path).expanduser()
        found = next((p.resolve() for p in (given, ROOT / given) if p.is_dir()), None)
        if found is None:
            raise NotAWorkspace(f"there is no folder {given}: give --workspace one that holds app/, such as solutions")
        if not any((found / name).exists() for name in EDITABLE):
            raise NotAWorkspace(f"{given} holds no app/: give --workspace the folder above it")
        return cls(found, SOLUTIONS if ANSWERS in found.parents else None)

    @property
    def name(self) -> str:
        """How messages call it: its path from the root where it lies below, else its full path."""
        if self.path == ROOT:
            return "."
        return str(self.path.relative_to(ROOT)) if ROOT in self.path.parents else str(self.path)

    def snapshot(self, target: Path) -> Path:
        """Copies what a learner edits into the folder ``target``, which is made, and returns it."""
        target.mkdir(parents=True)
        for layer in filter(None, (self.base, self.path)):
            for name in EDITABLE:
                source = layer / name
                if source.is_dir():
                    ignore = shutil.ignore_patterns("__pycache__", ".*")
                    shutil.copytree(source, target / name, ignore=ignore, dirs_exist_ok=True)
                elif source.is_file():
                    shutil.copy2(source, target / name)
        return target
