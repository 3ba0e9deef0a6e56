"""An update brings what is new, and touches nothing that a learner has edited."""

import subprocess
from pathlib import Path

import pytest

from dojo.update import CanNotUpdate, Clone, update


def git(folder: Path, *arguments: str) -> str:
    """What git says."""
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def write(folder: Path, **files: str | None) -> None:
    """Writes files; ``_`` in a name is ``/``, None deletes."""
    for name, text in files.items():
        place = folder / (name.replace("_", "/") + ".py")
        if text is None:
            place.unlink()
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text + "\n")


def read(folder: Path, name: str) -> str | None:
    """A file's text; None when there is none."""
    place = folder / (name.replace("_", "/") + ".py")
    return place.read_text().strip() if place.exists() else None


def commit(folder: Path, message: str) -> None:
    """Commits all."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's clone, beside the repository ``upstream`` that it came from, which has moved on."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "x")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "x@example.com")
    upstream, mine = tmp_path / "upstream", tmp_path / "mine"
    upstream.mkdir()
    git(upstream, "init", "-q", "-b", "main")
    write(upstream, katas_one="first", katas_old="first", dojo_tool="first", app_solved="stub", app_open="stub", app_unsaved="stub", app_same="stub")
    commit(upstream, "first")
    git(tmp_path, "clone", "-q", str(upstream), str(mine))
    write(mine, app_solved="my answer", app_own="my own file", app_same="second stub")
    commit(mine, "my answers")
    write(mine, app_unsaved="not committed yet")
    write(upstream, katas_one="second", katas_old=None, katas_new="second", dojo_tool="second", app_solved="second stub", app_open="second stub",
          app_unsaved="second stub", app_same="second stub", app_added="new stub")
    commit(upstream, "second")
    return mine


def test_what_is_new_comes_and_what_was_edited_stays(clone: Path) -> None:
    """Katas and tools are as they are upstream; stubs that nobody touched follow; answers stay, committed or not."""
    said = "\n".join(update(Clone(clone), "origin", "main"))

    assert ("second", "second", "second", None) == tuple(read(clone, name) for name in ("katas_one", "katas_new", "dojo_tool", "katas_old"))
    assert ("second stub", "new stub") == (read(clone, "app_open"), read(clone, "app_added"))
    assert ("my answer", "not committed yet", "my own file") == tuple(read(clone, name) for name in ("app_solved", "app_unsaved", "app_own"))
    assert "app/solved.py has a new stub" in said
    assert "app/unsaved.py has a new stub" in said
    assert "app/same.py" not in said
    assert "second stub" == (clone / ".dojo/new-stubs/app/solved.py").read_text().strip()
    assert " M app/unsaved.py\n?? .dojo/\n" == git(clone, "status", "--porcelain")


def test_the_next_update_knows_where_this_one_left_off(clone: Path) -> None:
    """The merge is in the history: a second update has nothing to do, and a later one brings only what is newer."""
    list(update(Clone(clone), "origin", "main"))
    assert ["Up to date."] == list(update(Clone(clone), "origin", "main"))

    write(clone.parent / "upstream", katas_one="third", app_open="third stub")
    commit(clone.parent / "upstream", "third")
    said = list(update(Clone(clone), "origin", "main"))

    assert ("third", "third stub", "my answer") == tuple(read(clone, name) for name in ("katas_one", "app_open", "app_solved"))
    assert 1 == len(said), said


@pytest.mark.parametrize("spoil", ["changed", "in the way", "stranger"])
def test_nothing_is_changed_when_something_would_be_lost(clone: Path, spoil: str) -> None:
    """A changed kata, a file that stands where a new one belongs, a repository of another history: it says so and does nothing."""
    source = "origin"
    if spoil == "changed":
        write(clone, katas_one="my change")
    elif spoil == "in the way":
        write(clone, katas_new="my file")
    else:
        source = str(clone.parent / "other")
        (clone.parent / "other").mkdir()
        git(clone.parent / "other", "init", "-q", "-b", "main")
        write(clone.parent / "other", x="x")
        commit(clone.parent / "other", "x")
    before = git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain"), read(clone, "katas_one"), read(clone, "katas_new")

    with pytest.raises(CanNotUpdate):
        list(update(Clone(clone), source, "main"))

    assert before == (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain"), read(clone, "katas_one"), read(clone, "katas_new"))
