"""A file for a service to read: nothing that a host puts in its place is followed."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dojo import jail
from dojo.given import GivenFile
from dojo.replies import Red

SECRET = "the judge's own"


@pytest.fixture(params=[True, False], ids=["walls", "no walls"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that hosts may write to as well, once behind walls and once without any."""
    folder = tmp_path / "open" / "test"
    folder.mkdir(parents=True)
    (tmp_path / "private").write_text(SECRET)
    monkeypatch.setattr(jail, "current", lambda: jail.Jail("bubblewrap", open=str(tmp_path / "open")) if request.param else None)
    return folder


def test_it_is_written_replaced_and_removed(folder: Path) -> None:
    """In place, which leaves it the same file, or by another of the same name and the same looks."""
    file = GivenFile(folder / "config.csv")

    file.write(b"a long beginning", at=1000.5)
    first = file.path.stat()
    assert (b"a long beginning", 1000.5) == (file.path.read_bytes(), first.st_mtime)
    file.write(b"second", at=1000.5)
    second = file.path.stat()
    assert (b"second", first.st_ino, 1000.5) == (file.path.read_bytes(), second.st_ino, second.st_mtime)
    file.replace(b"third!", at=1000.5)
    third = file.path.stat()
    assert (b"third!", 1000.5) == (file.path.read_bytes(), third.st_mtime)
    assert third.st_ino != second.st_ino
    file.remove()
    assert not list(folder.iterdir())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_pipe_stands_in_its_place_for_a_while(folder: Path) -> None:
    """Whoever opens it doesn't wait, and afterwards the file is what it was."""
    file = GivenFile(folder / "config.csv")
    file.write(b"mine")

    writer = file.close()
    assert file.path.is_fifo()
    file.open(writer)

    assert b"mine" == file.path.read_bytes()
    assert [file.path] == list(folder.iterdir())


CHANGES: dict[str, Callable[[GivenFile], object]] = {
    "write": lambda file: file.write(b"x"), "replace": lambda file: file.replace(b"x"), "close": lambda file: file.open(file.close()),
}


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this platform has no such links")
@pytest.mark.parametrize("name", ["config.csv", "config.csv.new", "config.csv.pipe"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_link_leads_nowhere(change: str, name: str, folder: Path) -> None:
    """Of the file, or of one that it needs beside it: what it leads to stays what it was, and isn't brought along."""
    file, private = GivenFile(folder / "config.csv"), folder.parent.parent / "private"
    file.write(b"mine")
    (folder / "link").symlink_to(private)
    os.replace(folder / "link", folder / name)

    with contextlib.suppress(Red):  # which says so, where the link was in the way
        CHANGES[change](file)

    assert SECRET == private.read_text()
    assert not [each for each in folder.iterdir() if each.is_file() and not each.is_symlink() and SECRET in each.read_text()]


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this platform has no such links")
def test_a_link_in_its_place_is_told(folder: Path) -> None:
    """So that whoever has put it there knows what it was that failed."""
    file = GivenFile(folder / "config.csv")
    file.path.symlink_to(folder.parent.parent / "private")

    with pytest.raises(Red, match="a link stands in its place"):
        file.write(b"x")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("read", [False, True])
def test_a_pipe_in_its_place_is_not_waited_for(read: bool, folder: Path) -> None:
    """Whether somebody reads it or nobody does: the judge would stand still until the whole test is over."""
    file = GivenFile(folder / "config.csv")
    os.mkfifo(file.path)
    reader = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK) if read else -1

    with pytest.raises(Red, match="it is no file any more" if read else "a pipe stands in its place"):
        file.write(b"x")
    if read:
        os.close(reader)


def test_a_folder_that_became_a_link_is_not_entered(folder: Path, tmp_path: Path) -> None:
    """Behind walls; without them the folder is the learner's own affair."""
    away = tmp_path / "away"
    away.mkdir()
    file = GivenFile(folder / "config.csv")
    folder.rmdir()
    folder.symlink_to(away)
    if jail.current() is None:
        return

    with pytest.raises(Red, match="removed or replaced"):
        file.write(b"x")
    assert not list(away.iterdir())


@pytest.mark.parametrize("change", [GivenFile.remove, GivenFile.close])
def test_a_file_that_was_removed_is_told(change: Callable[[GivenFile], object], folder: Path) -> None:
    """It was the service that did it, and no fault of the judge's."""
    with pytest.raises(Red, match=r"your code has removed or replaced that file"):
        change(GivenFile(folder / "config.csv"))
