"""One router alone: which others are left out, and which one it needs."""

from pathlib import Path

import pytest

from dojo.alone import EMPTY, alone, without_needed
from dojo.subject import Red

IMAGE = "app/routers/image.py"
WEATHER, USERS = "app/routers/weather.py", "app/routers/users.py"


def test_every_other_router_is_empty() -> None:
    """All routers but the one that is looked at; the package itself stays."""
    overlay = alone("image")

    assert {EMPTY} == set(overlay.values())
    assert {WEATHER, USERS} < set(overlay)
    assert not {IMAGE, "app/routers/__init__.py"} & set(overlay)


@pytest.mark.parametrize("line", [
    "from app.routers.weather import get_client", "from app.routers import weather", "import app.routers.weather as w",
    "from .weather import get_client", "from . import weather", "from ..clients import get_client", "def f():\n    from app import clients",
])
def test_what_it_imports_stays(tmp_path: Path, line: str) -> None:
    """However it is imported, and by way of another module of the workspace."""
    for file, text in {IMAGE: line, WEATHER: "", USERS: "", "app/clients.py": "from app.routers.weather import get_client"}.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)

    left = without_needed({**alone("image"), "app/digits.py": "stand-in"}, tmp_path, [IMAGE])

    assert WEATHER not in left
    assert EMPTY == left[USERS]
    assert "stand-in" == left["app/digits.py"]


def test_who_is_imported_by_nobody_or_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    """A file with an error in it imports nothing; the error is told when the host imports it."""
    for text in ("from httpx import Client\nimport app.settings", "from app.routers import weather\n)", "\0"):
        (tmp_path / "app" / "routers").mkdir(parents=True, exist_ok=True)
        (tmp_path / IMAGE).write_text(text)
        (tmp_path / WEATHER).write_text("")

        assert alone("image") == without_needed(alone("image"), tmp_path, [IMAGE])


@pytest.mark.parametrize(("text", "why"), [
    ("if x: pass\n" + "elif x: pass\n" * 5000, "is nested too deeply"), ("-" * 20_000 + "1", "is nested too deeply"), ("a;" * 60_000, "is too long"),
])
def test_what_no_parser_can_be_let_loose_on_is_red(tmp_path: Path, text: str, why: str) -> None:
    """It may well run, and reading it here must neither fail nor fill the judge's memory."""
    (tmp_path / "app" / "routers").mkdir(parents=True)
    (tmp_path / IMAGE).write_text(text)

    with pytest.raises(Red, match=rf"^app/routers/image\.py {why} to be looked through\. The dojo has to know which other files it imports"):
        without_needed(alone("image"), tmp_path, [IMAGE])
