"""One router alone: what of the service is left out where only one exercise is looked at.

For what belongs to the whole process: how the service ends, how many threads it has, and what a process that is forked
has of the others' threads and locks. What the router itself imports from another one is its own, and stays.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dojo.replies import Red
from dojo.screen import TooMuch, parsed
from dojo.workspace import SOLUTIONS

#: A router without routes and without a lifespan.
EMPTY = "from fastapi import APIRouter\n\nrouter = APIRouter()\n"


def alone(router: str) -> dict[str, str]:
    """What ``options={"overlay": …}`` takes: every router but ``app/routers/<router>.py`` is empty."""
    others = {file.name for file in (SOLUTIONS / "app" / "routers").glob("*.py")} - {"__init__.py", f"{router}.py"}
    return {f"app/routers/{name}": EMPTY for name in sorted(others)}


def without_needed(overlay: Mapping[str, str], root: Path, edit: Iterable[str]) -> dict[str, str]:
    """``overlay`` without the empty routers that stand for what the files ``edit`` below ``root`` import, directly or by way of others."""
    needed: set[str] = set()
    reached = [file for file in edit if file.startswith("app/routers/")]
    while reached:
        file = reached.pop()
        if file not in needed:
            needed.add(file)
            reached += _imported(root, file)
    return {file: text for file, text in overlay.items() if text != EMPTY or file not in needed}


def _imported(root: Path, file: str) -> Iterator[str]:
    """The files of the workspace that ``file`` imports, as paths below ``root``; none of one that can't be read.

    Raises `Red` for one that only a parser without limits could read.
    """
    try:
        tree = parsed((root / file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    except TooMuch as why:
        raise Red(f"{file} {why}. The dojo has to know which other files it imports: take it apart into simpler pieces.") from None
    package = file.split("/")[:-1]
    for node in ast.walk(tree):
        names: list[list[str]] = []
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            start = [*above, *(node.module.split(".") if node.module else ())]
            names = [start, *([*start, alias.name] for alias in node.names)]
        for name in names:
            path = "/".join(name) + ".py"
            if (root / path).is_file():
                yield path
