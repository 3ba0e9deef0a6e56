"""What grading keeps in its folder of results: verdicts, so that none is found twice; and the files of the last run, none of one before it."""

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dojo import formats, results
from dojo.results import write_text

#: In the folder of results: which of its files grading has written.
NOTE = ".written"


class Cache:
    """Results by a key of all that they depend on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "cache"

    def known(self, key: str) -> tuple[dict[str, Any], list[str]] | None:
        """A result, and what judging it remarked; what was remarked in taking it is another's, who may only have the same files."""
        try:
            kept = json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
            result, remarks = kept["result"], list(kept["remarks"])
            return (result, remarks) if result["version"] and result["tests"] and result["submission"] else None
        except (OSError, ValueError, LookupError, TypeError):  # damaged
            return None

    def keep(self, key: str, result: dict[str, Any], remarks: list[str]) -> None:
        """Raises ``OSError``."""
        self._folder.mkdir(exist_ok=True)
        results.write({"result": result, "remarks": remarks}, self._folder / f"{key}.json")


def write(files: Mapping[str, Callable[[], str]], out: Path, *, several: bool) -> None:
    """Writes ``files``; then removes what an earlier run wrote of their kind and this one didn't, which would pass for its results.

    Whatever else lies in ``out`` stays: what the instructor put there, and of a class's files all when one submission alone is graded
    (not ``several``), or the other way round. Raises ``OSError``.
    """
    note = out / NOTE
    before: set[str] = set()
    with contextlib.suppress(OSError, ValueError):
        before = set(filter(formats.OWN.fullmatch, note.read_text(encoding="utf-8").splitlines()))
    out.mkdir(parents=True, exist_ok=True)
    # Noted first: a run that is ended meanwhile leaves nothing that the next one doesn't know of.
    write_text(note, _lines(before | files.keys()))
    for path, text in files.items():
        (out / path).parent.mkdir(exist_ok=True)
        write_text(out / path, text())
    old = {path for path in before - files.keys() if ("/" in path or path.startswith("class.")) == several}
    for path in old:
        place = out / path
        if not (place.parent != out and place.parent.is_symlink()):
            place.unlink(missing_ok=True)
            if place.parent != out:
                with contextlib.suppress(OSError):  # somebody has put something beside it
                    place.parent.rmdir()
    write_text(note, _lines((before | files.keys()) - old))


def _lines(paths: set[str]) -> str:
    return "".join(f"{path}\n" for path in sorted(paths))
