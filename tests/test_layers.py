"""An image taken apart: which files are seen, who may write them, and who its user is."""

import io
import secrets
import tarfile
from pathlib import Path

import pytest

from dojo.layers import Entry, Layer, Saved, _told, flattened


def entry(path: str, mode: int = 0o644, user: int = 0, group: int = 0, kind: bytes = tarfile.REGTYPE) -> Entry:
    """A file of ten bytes."""
    return Entry(path, 10, mode, user, group, kind)


def layers(*paths: list[str]) -> list[Layer]:
    """Layers with these files, the first one lowest."""
    return [Layer("", "", [entry(path) for path in each], Path(), "") for each in paths]


@pytest.mark.parametrize(("paths", "seen"), [
    ([["a", "b"], [".wh.a"]], {"b"}), ([["d/a", "d/b"], ["d/.wh..wh..opq", "d/c"]], {"d/c"}), ([["d/a", "da"], [".wh.d"]], {"da"}),
    ([["a"], [".wh.a"], ["a"]], {"a"}), ([["d/a"], [".wh.d", "d/b"]], {"d/b"}),
])
def test_what_a_later_layer_removed_is_not_seen(paths: list[list[str]], seen: set[str]) -> None:
    """A file, a folder with all in it, and what a folder held before."""
    assert seen == set(flattened(layers(*paths)))


@pytest.mark.parametrize(("file", "writable"), [
    (entry("a", 0o644, user=1), True), (entry("a", 0o644), False), (entry("a", 0o666), True), (entry("a", 0o664, group=5), True),
    (entry("a", 0o664, group=6), False), (entry("a", 0o444, user=1), False), (entry("a", 0o777, kind=tarfile.SYMTYPE), False),
    (entry("a", 0o464, user=1, group=5), False),
])
def test_who_may_write_a_file(file: Entry, writable: bool) -> None:
    """Its owner's rights count for the owner, the group's for its members, and the others' for all others."""
    assert writable == file.writable(1, {5})


@pytest.mark.parametrize(("user", "numbers"), [
    ("7:8", (7, {8})), ("7", (7, {0})), ("5", (5, {6, 9})), ("5:8", (5, {8})), ("5:more", (5, {9})), ("5:nobody", (5, set())), ("", (0, {0})),
])
def test_which_user_and_groups_an_image_has(user: str, numbers: tuple[int, set[int]], tmp_path: Path) -> None:
    """As its own accounts say it, unless a group is named."""
    texts = {"etc/passwd": "root:x:0:0::/:\nservice:x:5:6::/:\n", "etc/group": "root:x:0:\nmore:x:9:other,service\n"}
    saved = Saved({"config": {"User": user}}, [*packed(tmp_path, {"etc/passwd": ""}), *packed(tmp_path, texts)], [])

    assert numbers == saved.user()
    assert "" == saved.text("etc/shadow")


def packed(place: Path, texts: dict[str, str]) -> list[Layer]:
    """A layer with these files, as an engine saves it."""
    image = place / f"{len(list(place.iterdir()))}.tar"
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        for path, text in texts.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    with tarfile.open(image, "w") as archive:
        member = tarfile.TarInfo("layer")
        member.size = len(inner.getvalue())
        archive.addfile(member, io.BytesIO(inner.getvalue()))
    return [Layer("", "", [entry(path) for path in texts], image, "layer")]


def test_what_a_layer_takes_on_its_way_is_what_gzip_makes_of_it(tmp_path: Path) -> None:
    """A long text of one letter is nothing; what is random stays as long as it is."""
    [plain], [random] = packed(tmp_path, {"a": "a" * 3_000_000}), packed(tmp_path, {"a": secrets.token_hex(500_000)})

    assert plain.packed() < 30_000
    assert 500_000 < random.packed() < 700_000


def test_what_the_history_says_is_told_as_it_was_written() -> None:
    """Without what the engine put around it."""
    assert "RUN pip install x" == _told("RUN |1 A=b /bin/sh -c pip install   x # buildkit")
    assert "COPY app app" == _told("COPY app app # buildkit")
    assert 'CMD ["a"]' == _told('/bin/sh -c #(nop)  CMD ["a"]')
