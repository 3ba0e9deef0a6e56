"""Grading: what is taken, behind which walls it is judged, and that nothing but what was seen to pass is worth anything."""

import base64
import contextlib
import errno
import gzip
import io
import json
import lzma
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import psutil
import pytest
from ruamel.yaml import YAML

from dojo import formats, grade, jail, repository, submission, warden
from dojo.attempt import Attempt, unjudged
from dojo.catalog import exercises, phases
from dojo.cli import parser
from dojo.grade import Class, Policy, assess, failed
from dojo.results import write_text
from dojo.screen import reaches
from dojo.submission import NotReached, NotTaken, Submission, printable, take, unfit
from dojo.workspace import ANSWERS, ROOT, SOLUTIONS
from tests.attacks.corpus import base
from tests.test_stubs import stubs  # noqa: F401  # the fixture
from tests.walls import held

linux = pytest.mark.skipif(sys.platform != "linux", reason="there are no walls elsewhere")
FEW = ("1.1", "1.3")


def run(folder: Path, sources: Sequence[tuple[str, str | Path]], policy: Policy, jobs: int = 2) -> tuple[list[dict[str, Any]], Class]:
    """The results of a class run."""
    it = Class(folder, policy)
    with ThreadPoolExecutor(jobs) as pool:
        return it.grade(sources, pool, lambda result: None), it


def without_times(told: dict[str, Any]) -> dict[str, Any]:
    """A result but for what no two runs have in common."""
    tests = [{**test, "seconds": 0} for test in told["tests"]]
    return {**told, "seconds": 0, "peak_memory": 0, "tests": tests}


# -- taking


def packed(kind: str, folder: Path, files: dict[str, bytes]) -> str:
    """An archive of ``files``."""
    place = folder / f"it.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(place, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(place, "w:" + kind.partition(".")[2]) as archive:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return str(place)


FILES = {"app/main.py": b"app = 1\n", "app/routers/x.py": b"x = 1\n", "locustfile.py": b"users = 1\n"}


@pytest.mark.parametrize("top", ["", "repository-main/"])
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_is_taken(kind: str, top: str, tmp_path: Path) -> None:
    """Whatever packed it, and whether or not a folder stands around all."""
    others = {"README.md": b"", "katas/test.py": b"", "dojo/x.py": b"", "app/.env": b"", "app/__pycache__/x.pyc": b""}
    source = packed(kind, tmp_path, {f"{top}{name}": content for name, content in (FILES | others).items()})

    assert FILES == take(source).files


@pytest.mark.parametrize("top", ["", "inner"])
def test_a_folder_is_taken(top: str, tmp_path: Path) -> None:
    """All that a learner edits, and nothing beside it."""
    for name, content in (FILES | {"README.md": b"", "app/.env": b""}).items():
        (tmp_path / top / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / top / name).write_bytes(content)

    assert FILES == take(str(tmp_path)).files


@pytest.mark.parametrize("inside", ["it", "download/it"])
def test_a_folder_is_taken_wherever_it_lies_in_what_was_unpacked(inside: str, tmp_path: Path) -> None:
    """As in an archive: whatever else lies beside it, such as what macOS packs with the files."""
    files = {f"{inside}/{name}": content for name, content in FILES.items()}
    for name, content in {**files, f"__MACOSX/{inside}/app/._main.py": b"", "notes/x": b""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    assert FILES == take(str(tmp_path)).files


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_that_lies_alone_in_a_folder_is_taken(kind: str, tmp_path: Path) -> None:
    """Learning platforms make a folder for each learner, and put into it what was uploaded."""
    packed(kind, tmp_path, {f"it/{name}": content for name, content in FILES.items()})
    (tmp_path / "report.docx").write_bytes(b"PK\3\4")
    (tmp_path / "comments").mkdir()
    (tmp_path / f".hidden.{kind}").write_bytes(b"")
    (tmp_path / f"link.{kind}").symlink_to(tmp_path / f"it.{kind}")

    assert FILES == take(str(tmp_path)).files


@pytest.mark.parametrize(("archives", "why"), [
    ({"a.zip": b"PK\3\4", "b.tar.gz": b""}, "no app/, but 2 archives, .*: hand in one"),
    ({"a.rar": b"Rar!\x1a\x07\1\0"}, "packed with RAR, and only zip and tar archives are read"),
    ({"a.7z": b"7z\xbc\xaf\x27\x1c"}, "packed with 7-Zip, and only zip and tar"), ({"a.zip": b"Rar!\x1a\x07\0"}, "packed with RAR"),
    ({"a.tar.zst": b"\x28\xb5\x2f\xfd"}, "packed with Zstandard"), ({"a.txt": b""}, "holds no app/ with files"), ({}, "holds no app/ with files"),
])
def test_an_archive_in_a_folder_that_can_not_be_taken_is_told(archives: dict[str, bytes], why: str, tmp_path: Path) -> None:
    """Who has handed it in learns what else to hand in; so does who has handed it in without a folder."""
    for name, content in archives.items():
        (tmp_path / name).write_bytes(content)

    for source in [tmp_path, *(tmp_path / name for name in archives if "packed" in why)]:
        with pytest.raises(NotTaken, match=why):
            take(str(source))


def test_an_archive_in_an_archive_in_a_folder_is_not_looked_for(tmp_path: Path) -> None:
    """Once is what platforms do; without an end is what somebody does who wants to keep the grader busy."""
    (tmp_path / "inner").mkdir()
    inner = Path(packed("zip", tmp_path / "inner", FILES)).read_bytes()
    (tmp_path / "outer").mkdir()
    packed("zip", tmp_path / "outer", {"it.zip": inner})

    with pytest.raises(NotTaken, match="holds no app/ with files"):
        take(str(tmp_path / "outer"))


def test_an_archive_with_the_paths_of_windows_is_taken(tmp_path: Path) -> None:
    """PowerShell writes them with backslashes; a name with one, made elsewhere, stays no name."""
    for system, taken in ((0, FILES), (3, None)):
        with zipfile.ZipFile(tmp_path / "it.zip", "w") as archive:
            for name, content in FILES.items():
                entry = zipfile.ZipInfo(name.replace("/", "\\"))
                entry.create_system = system
                archive.writestr(entry, content)
        if taken is not None:
            assert taken == take(str(tmp_path / "it.zip")).files
        else:
            with pytest.raises(NotTaken, match="holds no app/"):
                take(str(tmp_path / "it.zip"))


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_whole_clone_is_taken(kind: str, tmp_path: Path) -> None:
    """With all that nox has installed beside the few files that count."""
    others = {f"clone/.nox/katas/lib/{number}/x.so": b"" for number in range(21_000)}
    large = {f"clone/.nox/katas/lib/{number}.so": bytes(1 << 20) for number in range(70)}
    source = packed(kind, tmp_path, others | large | {f"clone/{name}": content for name, content in FILES.items()})

    submission = take(source)

    assert (FILES, []) == (submission.files, submission.remarks)


def test_lines_that_end_as_on_windows_are_no_change(tmp_path: Path) -> None:
    """git writes them so there; the given files are still those that are given."""
    base(tmp_path / "it")
    for file in (tmp_path / "it").rglob("*.py"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))

    assert [] == take(str(tmp_path / "it")).remarks


def damaged(kind: str, folder: Path) -> str:
    """An archive that says what it is and isn't."""
    kind, _, how = kind.partition(" ")
    files = {"app/main.py": bytes(range(256)) * 64, "app/x.py": os.urandom(20_000)}
    if kind == "zip":
        methods = {"deflated": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA, "stored": zipfile.ZIP_STORED}
        with zipfile.ZipFile(folder / "it.zip", "w", methods.get(how, zipfile.ZIP_DEFLATED)) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        packed(kind, folder, files)
    file = folder / f"it.{kind}"
    content = bytearray(file.read_bytes())
    if how == "without a name":
        at = content.rindex(b"PK\1\2")
        content[at + 28:at + 30] = b"\0\0"
    elif how == "cut off":
        del content[len(content) // 2:]
    else:
        for number in range(60, min(len(content), 4000), 7):
            content[number] ^= 0x55
    file.write_bytes(content)
    return str(file)


DAMAGED = ["zip deflated", "zip bzip2", "zip lzma", "zip stored", "zip without a name", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.xz cut off",
           "tar.gz cut off"]


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_archive_is_not_taken(kind: str, tmp_path: Path) -> None:
    """Whatever the library that reads it calls the damage."""
    with pytest.raises(NotTaken, match=r"It can't be read|holds no app/"):
        take(damaged(kind, tmp_path))


def test_what_is_there_often_is_not_read_often(tmp_path: Path) -> None:
    """An archive can name the same four megabytes as often as it likes."""
    with zipfile.ZipFile(tmp_path / "it.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for _ in range(40):
            with pytest.warns(UserWarning, match="Duplicate") if archive.namelist() else contextlib.nullcontext():
                archive.writestr("app/x.py", bytes(4 << 20))

    with pytest.raises(NotTaken, match="more than 32 MB"):
        take(str(tmp_path / "it.zip"))


def test_a_name_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    """A tar's reader would keep it whole."""
    entry = tarfile.TarInfo("app/main.py")
    entry.type, entry.size = tarfile.XHDTYPE, 2 << 20
    (tmp_path / "it.tar").write_bytes(entry.tobuf() + bytes(3 << 20))

    with pytest.raises(NotTaken, match="a name, or attributes of a file, of more than 16 kB"):
        take(str(tmp_path / "it.tar"))


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE, more: bool = False) -> bytes:
    """What stands before an entry of a tar; ``more``: of a file with holes, of which more is to come."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    block = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    block[482] = more
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def whole(content: bytes) -> bytes:
    """Content with what fills its last block."""
    return content + bytes(-len(content) % tarfile.BLOCKSIZE)


def attributes(kind: bytes, **values: str) -> bytes:
    """Those of the next entry of a tar, or of all that follow it."""
    lines = b""
    for key, value in values.items():
        rest = f" {key.replace('__', '.')}={value}\n"
        length = next(n for n in range(len(rest), len(rest) + 9) if n == len(rest) + len(str(n)))
        lines += f"{length}{rest}".encode()
    return header("x", len(lines), kind) + whole(lines)


NAME = header("././@LongLink", 15_001, tarfile.GNUTYPE_LONGNAME)
MANY = {
    "names beside the workspace": lambda: b"".join(NAME + whole(b"%015000d\0" % number) + header("x", 0) for number in range(2000)),
    "holes": lambda: header("x", 0, tarfile.GNUTYPE_SPARSE, more=True) + 20_000 * (b"00000000001\0" * 42 + b"\1" + bytes(7)) + bytes(512),
    "holes of another kind": lambda: (attributes(tarfile.XHDTYPE, GNU__sparse__major="1", GNU__sparse__minor="0")
                                      + header("x", 8 << 20) + b"4194299\n" + b"1\n" * ((4 << 20) - 4)),
}


@pytest.mark.parametrize("what", MANY)
def test_what_is_not_taken_from_an_archive_is_not_kept(what: str, tmp_path: Path) -> None:
    """Packed, thirty megabytes of names are thirty kilobytes, and there may be a great many of them before the workspace."""
    content = MANY[what]() + header("app/main.py", 8) + whole(b"app = 1\n") + bytes(1024)
    (tmp_path / "it.tar.gz").write_bytes(gzip.compress(content, 1))
    del content

    tracemalloc.start()
    try:
        taken = take(str(tmp_path / "it.tar.gz"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert {"app/main.py": b"app = 1\n"} == taken.files
    assert peak < 6 << 20


@pytest.mark.parametrize(("content", "why"), [
    (lambda: 4800 * (NAME + whole(b"app/%014996d\0" % 1) + header("x", 0)), "more than 32 MB"),
    (lambda: b"".join(attributes(tarfile.XGLTYPE, **{f"k{number}": "x" * 900}) + header("x", 0) for number in range(20)), "more than 16 kB"),
], ids=["names", "attributes of all"])
def test_names_in_an_archive_count_as_files_do(content: Any, why: str, tmp_path: Path) -> None:
    """They are kept as well until the workspace is found; what holds for all entries is kept to the end."""
    (tmp_path / "it.tar.gz").write_bytes(gzip.compress(content() + bytes(1024), 1))

    with pytest.raises(NotTaken, match=why):
        take(str(tmp_path / "it.tar.gz"))


@pytest.mark.skipif("GNU tar" not in subprocess.run(["tar", "--version"], capture_output=True, text=True).stdout, reason="GNU tar alone packs holes")
@pytest.mark.parametrize("form", ["gnu", "posix --sparse-version=1.0", "posix --sparse-version=0.1", "posix --sparse-version=0.0"])
def test_an_archive_with_holes_in_other_files_is_taken(form: str, tmp_path: Path) -> None:
    """`tar --sparse` packs a clone so; what comes after such a file is found."""
    base(tmp_path / "it")
    for name in (".hidden", "app/holes.py"):
        with open(tmp_path / "it" / name, "wb") as file:
            for number in range(60):
                file.seek(number << 16)
                file.write(b"x")
    subprocess.run(["tar", "--sparse", *f"--format={form}".split(), "-cf", "it.tar", "it/.hidden", "it/app"], cwd=tmp_path, check=True)

    submission = take(str(tmp_path / "it.tar"))

    assert ["app/holes.py was left out: it is no file, but a link or a device"] == submission.remarks
    assert take(str(tmp_path / "it")).files.keys() - {"app/holes.py"} == submission.files.keys()


def with_a_dictionary(packed: bytes, size: int) -> bytes:
    """An xz whose first block asks for a dictionary of another size, as the format writes it."""
    end = 12 + 4 * (packed[12] + 1)
    assert b"\x21\x01" == packed[14:16]
    block = packed[12:16] + bytes([size]) + packed[17:end - 4]
    return packed[:12] + block + zlib.crc32(block).to_bytes(4, "little") + packed[end:]


@pytest.mark.parametrize("first", [b"", lzma.compress(b"")], ids=["at once", "later"])
def test_an_archive_that_asks_for_much_memory_is_not_taken(first: bytes, tmp_path: Path) -> None:
    """Those of xz say how much they need, which may be four gigabytes; the message says how to pack anew."""
    packed("tar", tmp_path, FILES)
    content = lzma.compress((tmp_path / "it.tar").read_bytes())
    (tmp_path / "it.tar.xz").write_bytes(first + with_a_dictionary(content, 40))

    with pytest.raises(NotTaken, match="more than 128 MB of memory to be unpacked: pack it with `xz -9` or less"):
        take(str(tmp_path / "it.tar.xz"))


def test_an_archive_of_several_parts_is_taken(tmp_path: Path) -> None:
    """Programs that pack on several CPUs write them; between them xz allows for zeros."""
    packed("tar", tmp_path, FILES)
    content = (tmp_path / "it.tar").read_bytes()
    parts = [lzma.compress(content[start:start + 3000], preset=9) + bytes(4) for start in range(0, len(content), 3000)]
    (tmp_path / "it.tar.xz").write_bytes(b"".join(parts))

    assert FILES == take(str(tmp_path / "it.tar.xz")).files


def test_an_archive_that_takes_long_to_unpack_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes can keep a reader busy for hours."""
    monkeypatch.setattr(submission, "_PATIENCE", -1.0)

    with pytest.raises(NotTaken, match="takes longer than -1 s to be unpacked"):
        take(packed("tar", tmp_path, FILES))


def git(folder: Path, *arguments: str, **options: Any) -> str:
    """What git prints in a folder."""
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, **options).stdout.strip()


def repository_of(folder: Path, *texts: str, form: str = "sha1") -> Path:
    """A repository with a commit for each text, which is then that of app/main.py."""
    base(folder)
    git(folder, "init", "-q", "-b", "main", f"--object-format={form}")
    for text in texts:
        (folder / "app/main.py").write_text(text)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", text)
    return folder


@pytest.mark.parametrize("bare", [False, True], ids=["clone", "bare"])
def test_a_commit_is_taken(bare: bool, tmp_path: Path) -> None:
    """From a URL or a bare repository, at any revision; nothing is checked out."""
    repository_of(tmp_path / "it", "first = 1\n", "second = 1\n")
    source = str(tmp_path / "it.git") if bare else f"file://{tmp_path / 'it'}"
    if bare:
        subprocess.run(["git", "clone", "-q", "--bare", str(tmp_path / "it"), source], check=True)

    assert b"second = 1\n" == take(source).files["app/main.py"]
    assert b"first = 1\n" == take(f"{source}#HEAD~1").files["app/main.py"]
    with pytest.raises(NotTaken, match="git can't read it"):
        take(f"{source}#nothing")


MADE_BY = ["clone", "clone --depth 1", "clone --bare", "clone --mirror", "pack-refs", "gc", "hooks", "sha256", "its git folder", "without .git",
           "a name with a percent sign", "worktrees"]


@pytest.mark.parametrize("how", MADE_BY)
def test_an_honest_repository_is_taken_however_it_was_made(how: str, tmp_path: Path) -> None:
    """All that git itself makes of one, as long as it is whole."""
    it = repository_of(tmp_path / "bob", "mine = 0\n", "mine = 1\n", form="sha256" if how == "sha256" else "sha1")
    source = f"file://{it}"
    if how.startswith("clone"):
        git(tmp_path, *how.split(), "-q", f"file://{it}", "it.git")
        source = f"file://{tmp_path}/it.git" if how in MADE_BY[:2] else f"{tmp_path}/it.git"
    elif how == "pack-refs":
        git(it, "pack-refs", "--all")
    elif how == "gc":
        git(it, "gc", "-q")
    elif how == "hooks":
        (it / ".git/hooks").mkdir(exist_ok=True)
        (it / ".git/hooks/pre-commit").symlink_to("/nowhere/pre-commit")
        git(it, "config", "include.path", "/nowhere/config")
    elif how == "its git folder":
        source = str(it / ".git")
    elif how == "without .git":
        git(tmp_path, "clone", "-q", "--bare", str(it), "it.git")
        source = f"file://localhost{tmp_path}/it"
    elif how == "a name with a percent sign":
        git(tmp_path, "clone", "-q", "--bare", str(it), "100%41.git")
        source = str(tmp_path / "100%41.git")
    elif how == "worktrees":
        git(it, "worktree", "add", "-q", "../other", "HEAD~1")

    assert b"mine = 1\n" == take(source).files["app/main.py"]


POINTS = {
    "commondir": "worktree of another repository: hand in a plain clone or an archive", "alternates": "borrows objects .*`git repack -a -d`",
    "http-alternates": "borrows objects", "shared clone": "borrows objects", ".git is a file": "points to one elsewhere.*plain clone",
    ".git is a link": "points to one elsewhere", "worktree": "points to one elsewhere", "it is a link": "It is a symbolic link",
    "its URL is a link": "It is a symbolic link", "objects is a link": "objects in its git folder is no file, but a symbolic link",
    "a pack is a link": r"objects/pack/pack-\w+\.idx in its git folder is no file, but a symbolic link",
    "refs are a link": "refs/heads in its git folder", "HEAD is a link": "HEAD in its git folder",
    "config is a link": "config in its git folder", "a name with %2e": "git can't read it", "include": "git can't read it",
}


@pytest.mark.parametrize("how", POINTS)
def test_no_other_repository_is_taken_for_this_one(how: str, tmp_path: Path) -> None:
    """Two text files are enough to make git read what somebody else has done; whoever gets the message knows what to hand in."""
    bob = repository_of(tmp_path / "bob", "bobs = 1\n") / ".git"
    git(bob, "gc", "-q")
    it = tmp_path / "it"
    source = str(it)
    for folder in ("objects/info", "objects/pack", "refs"):
        (it / folder).mkdir(parents=True)
    (it / "HEAD").write_text(git(bob, "rev-parse", "HEAD"))
    if how == "commondir":
        (it / "commondir").write_text("../bob/.git\n")
    elif how.endswith("alternates"):
        (it / "objects/info" / how).write_text("../../bob/.git/objects\n")
    elif how == "include":
        (it / "config").write_text("[include]\n\tpath = ../bob/.git/config\n[core]\n\tworktree = ../../bob\n")
    elif how in ("shared clone", "worktree"):
        git(bob, *(["clone", "-q", "--shared", "."] if how == "shared clone" else ["worktree", "add", "-q"]), str(tmp_path / "other"))
        source = f"file://{tmp_path / 'other'}"
    elif how.startswith(".git is"):
        (tmp_path / "gus").mkdir()
        source = f"file://{tmp_path / 'gus'}"
        if how.endswith("file"):
            (tmp_path / "gus/.git").write_text(f"gitdir: {bob}\n")
        else:
            (tmp_path / "gus/.git").symlink_to(bob)
    elif how.endswith("is a link") and how.startswith("it"):
        (tmp_path / "link").symlink_to(bob)
        source = f"{'file://' if 'URL' in how else ''}{tmp_path / 'link'}"
    elif how == "a pack is a link":
        for file in (bob / "objects/pack").iterdir():
            (it / "objects/pack" / file.name).symlink_to(file)
    elif how == "a name with %2e":
        source = str(it.rename(tmp_path / "x%2f%2e%2e%2fbob"))
    else:
        name = how.partition(" ")[0].replace("refs", "refs/heads")
        (it / "objects").rename(it / "old") if name == "objects" else (it / name).unlink(missing_ok=True)
        (it / name).symlink_to(bob / name)

    with pytest.raises(NotTaken, match=POINTS[how]):
        take(source)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("bare", [False, True], ids=["clone", "bare"])
def test_a_repository_of_another_user_is_taken(bare: bool, tmp_path: Path) -> None:
    """Each learner's repository may well belong to that learner."""
    it = repository_of(tmp_path / "it", "mine = 1\n")
    if bare:
        git(tmp_path, "clone", "-q", "--bare", str(it), "it.git")
        it = tmp_path / "it.git"
    for file in (it, *it.rglob("*")):
        os.chown(file, 12345, 12345, follow_symlinks=False)

    assert b"mine = 1\n" == take(str(it) if bare else f"file://{it}").files["app/main.py"]


def nested(it: Path, width: int, levels: int) -> None:
    """Adds to a repository a commit with ``width`` to the power of ``levels`` files, all of them the same one, in as many trees as levels."""
    entry = "100644 blob " + git(it, "hash-object", "-w", "--stdin", input="")
    for _ in range(levels):
        entry = "040000 tree " + git(it, "mktree", input="".join(f"{entry}\t{number:020d}\n" for number in range(width)))
    git(it, "update-ref", "HEAD", git(it, "commit-tree", "-m", "x", entry.split()[2]))


@pytest.mark.parametrize(("width", "levels", "why"), [(400, 2, "more than 100000 files"), (100, 3, "names of its files are longer than 16 MB")])
def test_a_repository_of_few_trees_with_a_great_many_files_is_not_listed(width: int, levels: int, why: str, tmp_path: Path) -> None:
    """A tree can be in another as often as it likes: a few kilobytes name more files than any memory holds."""
    it = repository_of(tmp_path / "it", "mine = 1\n")
    nested(it, width, levels)

    with pytest.raises(NotTaken, match=why):
        take(f"file://{it}")


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of a folder with repositories, on what passes for another machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["git", "daemon", f"--base-path={folder}", "--export-all", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as daemon:
        try:
            until = time.monotonic() + 20
            while daemon.poll() is None and time.monotonic() < until:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            if daemon.poll() is not None:
                pytest.skip("git has no daemon here")
            yield f"git://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGKILL)


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_repository_larger_than_anybody_needs_is_not_taken(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill the grader's disk; on another machine nothing but its own end says how large it is."""
    it = repository_of(tmp_path / "it", "mine = 1\n")
    (it / "large").write_bytes(os.urandom(3 << 20))
    git(it, "add", "-A")
    git(it, "commit", "-q", "-m", "large")
    git(it, "gc", "-q")

    with served(tmp_path) if where == "elsewhere" else contextlib.nullcontext(f"file://{tmp_path}") as url:
        assert b"mine = 1\n" == take(f"{url}/it").files["app/main.py"]
        monkeypatch.setattr(repository, "REPOSITORY", 1 << 20)
        with pytest.raises(NotTaken, match="larger than 1 MB: hand in an archive"):
            take(f"{url}/it")


@pytest.mark.parametrize(("says", "fault"), [("detected dubious ownership in repository", NotReached), ("bad object", NotTaken)])
def test_what_git_refuses_because_of_the_machine_is_no_zero(says: str, fault: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the owner of a folder nor git's version is a repository's own fault."""
    (tmp_path / "git").write_text(f"#!/bin/sh\necho '{says}' >&2\nexit 128\n")
    (tmp_path / "git").chmod(0o755)
    source = f"file://{repository_of(tmp_path / 'it', 'mine = 1')}"
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(fault, match=says):
        take(source)


def test_the_path_of_an_entry_of_a_class_is_only_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is called: an empty folder with another's name and a revision, or with one that looks like a URL."""
    git(tmp_path, "clone", "-q", "--bare", str(repository_of(tmp_path / "it", "mine = 1\n")), "carl.git")
    (tmp_path / "carl.git#HEAD").mkdir()
    base(tmp_path / "me@home:it#1")
    monkeypatch.chdir(tmp_path)

    assert b"mine = 1\n" == take("carl.git", literal=True).files["app/main.py"]
    assert b"mine = 1\n" == take("carl.git#HEAD").files["app/main.py"]
    with pytest.raises(NotTaken, match="holds no app/"):
        take("carl.git#HEAD", literal=True)
    taken = take("me@home:it#1", literal=True)
    assert "me@home:it#1" == taken.name
    assert "app/main.py" in taken.files


@pytest.mark.parametrize(("path", "why"), [
    ("app/x.py", ""), ("locustfile.py", ""), ("app/a/b/x.csv", ""), ("app/naïve.py", ""), (".dockerignore", ""),
    ("README.md", "no exercise edits"), ("/app/x.py", "no exercise edits"), ("app/../x.py", "no exercise edits"), ("app/x\ny.py", "can't be shown"),
    ("app/\x1b[2J.py", "can't be shown"), ("app/\u202ex.py", "can't be shown"), ("app/cafe\u0301.py", "in two ways"), ("app/x.so", "only sources"),
    ("app/x.PYC", "only sources"), ("app/.x.py", "none of the service's"), ("app/" + "a/" * 9 + "x.py", "too deep"), ("app/" + "x" * 150, "too long"),
])
def test_names_that_are_no_part_of_a_workspace(path: str, why: str) -> None:
    """What can't be shown, lies elsewhere, or isn't source is left out, and it is said why."""
    assert why in unfit(PurePosixPath(path))
    assert bool(why) == bool(unfit(PurePosixPath(path)))


def test_what_is_shown_steers_nothing() -> None:
    """Control characters, and those that reorder what is read, are shown by their numbers."""
    assert r"a\x1b[2Jb\x0ac\x202ed é 漢" == printable("a\x1b[2Jb\nc\u202ed é 漢")


def test_given_files_are_given(tmp_path: Path) -> None:
    """A submission's own version of what no exercise edits is not judged, and that is said."""
    base(tmp_path / "it")
    (tmp_path / "it/app/model.py").write_text("def predict(*a):\n    return 0.5\n")
    (tmp_path / "it/app/mine.py").write_text("mine = 1\n")
    (tmp_path / "it/app/main.py").unlink()

    submission = take(str(tmp_path / "it"))
    submission.write(tmp_path / "tree")

    assert (SOLUTIONS / "app/model.py").read_bytes() == (tmp_path / "tree/app/model.py").read_bytes()
    assert "mine = 1\n" == (tmp_path / "tree/app/mine.py").read_text()
    assert not (tmp_path / "tree/app/main.py").exists()
    assert any("app/model.py is given and was changed" in remark for remark in submission.remarks)


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "git"])
def test_a_folder_does_not_take_the_place_of_a_file(kind: str, tmp_path: Path) -> None:
    """Python imports a package before a module of the same name, given or the learner's own; in what a submission brings that is said."""
    extra = {"app/model/__init__.py": b"", "app/routers/predict/__init__.py": b"", "app/routers/predict/deep/x.py": b"", "app/mine/__init__.py": b""}
    for name, content in (FILES | extra).items():
        (tmp_path / "it" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "it" / name).write_bytes(content)
    if kind == "git":
        repository_of(tmp_path / "it", "app = 1\n")
    source = {"folder": str(tmp_path / "it"), "git": f"file://{tmp_path / 'it'}"}.get(kind) or packed(kind, tmp_path, FILES | extra)

    taken = take(source)

    left_out = " was left out: Python would import its folder in the place of app/"
    assert {"app/main.py", "app/mine/__init__.py"} <= taken.files.keys()
    assert not {name for name in taken.files if name.startswith(("app/model/", "app/routers/predict/"))}
    assert {f"app/model/__init__.py{left_out}model.py", f"app/routers/predict/__init__.py{left_out}routers/predict.py",
            f"app/routers/predict/deep/x.py{left_out}routers/predict.py"} <= set(taken.remarks)


def test_the_digest_is_of_names_and_contents() -> None:
    """Nothing can be moved from one file to another without changing it."""
    digests = {Submission("x", files).digest for files in ({"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"bc", "d": b""})}
    assert 4 == len(digests)


# -- failing closed


WALLS = jail.Jail("limits")


def result(record: Any, **told: Any) -> dict[str, Any]:
    """What grading makes of a record."""
    whole = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": record if isinstance(record, str) else json.dumps(record)}
    return weighed(Submission("Ada"), Policy(FEW, 1), whole | told)


def weighed(submission: Submission, policy: Policy, told: dict[str, Any]) -> dict[str, Any]:
    """What one attempt is worth."""
    return grade._result(submission, policy, WALLS, Attempt.told_by(told, policy.chosen(), policy.patience, 1.0))


def told(state: str, identity: str = "1.1", **more: Any) -> dict[str, Any]:
    """One exercise of a record."""
    return {**unjudged(exercises()[1], ""), "id": identity, "state": state, "status": "pass", "points": 5, "max_points": 9, **more}


@pytest.mark.parametrize("record", ["", "{", "[]", json.dumps({"tests": []}), json.dumps({"complete": False, "tests": []})])
def test_a_record_that_is_none_is_a_grader_error(record: str) -> None:
    """The judge ended too early: nobody knows what the submission is worth, so there is no zero."""
    try:
        judged = result(record)
    except AttributeError:
        pytest.fail("a record of another shape ended the grader")

    assert judged["grader_error"]
    assert (0, 2, "error") == (judged["points"], judged["max_points"], judged["status"])


def test_the_catalog_says_what_there_is_and_what_it_is_worth() -> None:
    """Exercises that weren't asked for, points and totals in a record count for nothing."""
    judged = result({"complete": True, "points": 99, "max_points": 99, "tests": [told("green"), told("green", "9.9")]})

    assert ["1.1", "1.3"] == [test["id"] for test in judged["tests"]]
    assert ["green", "missing"] == [test["state"] for test in judged["tests"]]
    assert (1, 2) == (judged["points"], judged["max_points"])


@pytest.mark.parametrize("state", ["red", "part", "unclear", "broken", "missing", "made up"])
def test_only_green_passes(state: str) -> None:
    """Whatever status a record claims."""
    judged = result({"complete": True, "tests": [told(state)]})
    assert 0 == judged["points"]
    assert "pass" != judged["tests"][0]["status"]
    assert (state == "broken") == bool(judged["grader_error"])


def test_an_instructor_may_credit_what_is_inconclusive() -> None:
    """It is told in any case."""
    whole = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": json.dumps({"complete": True, "tests": [told("unclear")]})}
    credited = weighed(Submission("Ada"), Policy(("1.1",), 1, credit_inconclusive=True), whole)
    assert (1, "unclear", "error") == (credited["points"], credited["tests"][0]["state"], credited["tests"][0]["status"])


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("state", ["green", "unclear"])
def test_code_that_reaches_gets_no_credit_by_itself(state: str, trust: bool) -> None:
    """Not for what is inconclusive either, which it may have brought about: somebody has to have looked at it."""
    record = json.dumps({"complete": True, "tests": [told(state, message="Too busy a machine.")]})
    whole = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": record}
    policy = Policy(("1.1",), 1, credit_inconclusive=True, trust=trust)
    judged = weighed(Submission("Ada", {"app/x.py": b"import gc\n"}), policy, whole)

    assert (int(trust), state if trust else grade.WITHHELD) == (judged["points"], judged["tests"][0]["state"])
    assert trust or "app/x.py:1: imports gc" in judged["tests"][0]["message"]


def test_the_time_limit_is_the_submissions_own_affair() -> None:
    """What was judged before it counts; the rest is worth nothing, and it is said why."""
    judged = result({"complete": False, "tests": [told("green")]}, timed_out=True)
    assert not judged["grader_error"]
    assert (1, "missing") == (judged["points"], judged["tests"][1]["state"])
    assert "time limit" in judged["tests"][1]["message"]


def test_trouble_is_tried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grader error is retried once, and then told; what is fine isn't judged twice."""
    calls: list[int] = []

    def watched(task: dict[str, Any]) -> dict[str, Any]:
        calls.append(1)
        record = {"complete": True, "tests": [told("green"), told("green", "1.3")]}
        fine = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": json.dumps(record)}
        return {"lost": "it was killed"} if len(calls) in fail else fine

    monkeypatch.setattr(grade, "_watched", watched)
    outcomes = []
    fail: tuple[int, ...]
    for attempts in ((), (1,), (1, 2)):
        fail = attempts
        calls.clear()
        judged = assess(grade.Parcel("Ada", {"app/x.py": b""}, (), Policy(FEW, 1)))
        outcomes.append((len(calls), judged["attempts"], bool(judged["grader_error"]), judged["points"]))

    assert [(1, 1, False, 2), (2, 2, False, 2), (2, 2, True, 0)] == outcomes


def attempted(*attempts: dict[str, Any] | tuple[str, str], monkeypatch: pytest.MonkeyPatch, **changed: Any) -> dict[str, Any]:
    """What comes of these attempts: what the warden tells, or the states of 1.1 and 1.3."""
    def fine(number: int, states: tuple[str, str]) -> dict[str, Any]:
        tests = [told(state, each, seconds=number, measurements=[f"of attempt {number}"]) for each, state in zip(FEW, states, strict=True)]
        record = json.dumps({"complete": "missing" not in states, "tests": tests})
        return {"status": 0, "timed_out": False, "said": "", "remarks": [f"remark {number}", "of both"], "record": record, "peak_memory": number}

    coming = iter([each if isinstance(each, dict) else fine(number, each) for number, each in enumerate(attempts, 1)])
    monkeypatch.setattr(grade, "_watched", lambda task: next(coming))
    return assess(grade.Parcel("Ada", {"app/x.py": b""}, ("its own",), Policy(FEW, 1, "limits", **changed)))


LOST = {"lost": "it was killed"}


@pytest.mark.parametrize(("one", "other", "states", "points", "error"), [
    (("green", "unclear"), ("unclear", "green"), ["green", "green"], 2, False),
    (("green", "unclear"), LOST, ["green", "unclear"], 1, False),
    (("green", "unclear"), ("red", "red"), ["green", "red"], 1, False),
    (("red", "unclear"), ("green", "green"), ["red", "green"], 1, False),
    (("green", "unclear"), ("green", "broken"), ["green", "unclear"], 1, False),
    (("green", "unclear"), ("broken", "green"), ["green", "unclear"], 1, False),
    (("unclear", "unclear"), ("unclear", "unclear"), ["unclear", "unclear"], 0, False),
    (("broken", "green"), ("green", "unclear"), ["green", "green"], 2, False),
    (("broken", "green"), ("broken", "green"), ["broken", "green"], 1, True),
    (("broken", "green"), LOST, ["broken", "green"], 1, True),
    (("green", "missing"), ("unclear", "green"), ["green", "green"], 2, False),
    (("green", "missing"), ("green", "missing"), ["green", "missing"], 1, True),
    (("red", "missing"), ("green", "green"), ["red", "green"], 1, False),
    (LOST, ("green", "unclear"), ["green", "unclear"], 1, False),
    (LOST, ("green", "missing"), ["green", "missing"], 1, True),
])
def test_a_second_attempt_tells_what_the_first_left_open(one: Any, other: Any, states: list[str], points: int, error: bool,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else: what was seen once isn't lost to a machine that is busy the second time, nor is a red one tried until it is green."""
    judged = attempted(one, other, monkeypatch=monkeypatch)

    assert states == [test["state"] for test in judged["tests"]]
    assert (points, error, 2) == (judged["points"], bool(judged["grader_error"]), judged["attempts"])
    assert error == (judged["status"] == "error") or not points


def test_two_attempts_make_one_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each exercise is told as it was seen; time is what both took, and a remark stands there once."""
    judged = attempted(("green", "unclear"), ("unclear", "green"), monkeypatch=monkeypatch)

    assert [(1, ["of attempt 1"]), (2, ["of attempt 2"])] == [(test["seconds"], test["measurements"]) for test in judged["tests"]]
    assert ["its own", "remark 1", "of both", "remark 2"] == judged["submission"]["remarks"]
    assert (True, 2, None) == (judged["complete"], judged["peak_memory"], judged["message"])


def test_what_reaches_is_tried_again_where_it_would_be_credited(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is weighed at the end: what is withheld is what both attempts have left open."""
    monkeypatch.setattr(grade.screen, "reaches", lambda files: ["app/x.py:1: imports gc"])
    judged = attempted(("unclear", "unclear"), ("red", "unclear"), monkeypatch=monkeypatch, credit_inconclusive=True)

    assert ["red", "withheld"] == [test["state"] for test in judged["tests"]]


def test_other_katas_are_not_graded_with() -> None:
    """A worker elsewhere that has another version of the katas says so instead of grading."""
    judged = assess(grade.Parcel("Ada", {"app/x.py": b""}, (), Policy(FEW, 1), katas="0" * 16))
    assert "The katas here are others" in judged["grader_error"]


def test_what_can_not_be_taken_is_told_in_the_same_shape() -> None:
    """Nobody is left out of a class, and it's no grader error."""
    judged = failed("Ada", Policy(FEW), "It holds no app/.", grader=False)
    assert ("It holds no app/.", None, 2) == (judged["message"], judged["grader_error"], judged["max_points"])


# -- behind walls


@linux
@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", jail.LEVELS)
def test_an_honest_submission_gets_everything_and_the_stubs_nothing(level: str, tmp_path: Path, stubs: Path) -> None:  # noqa: F811
    """Behind walls of every level."""
    held(level)
    (complete, nothing), _ = run(tmp_path, [("complete", str(SOLUTIONS)), ("stubs", str(stubs))], Policy(FEW, 3, level))

    assert (2, 2, level, None) == (complete["points"], complete["max_points"], complete["jail"]["level"], complete["grader_error"]), complete
    assert (0, ["red", "red"], None) == (nothing["points"], [test["state"] for test in nothing["tests"]], nothing["grader_error"]), nothing


def graded(tmp_path: Path, sources: Sequence[tuple[str, str | Path]], monkeypatch: pytest.MonkeyPatch,
           state: str = "green", **policy: Any) -> tuple[list[dict[str, Any]], Class]:
    """What a class comes to, of which each that can be taken is green, or in another state."""
    record = {"complete": True, "tests": [told(state, test=None if state == "green" else "test_it"), told("green", "1.3")]}
    fine = {"status": 0, "timed_out": False, "said": "", "remarks": ["It used too much."], "record": json.dumps(record)}
    monkeypatch.setattr(grade, "_watched", lambda task: fine)
    return run(tmp_path, sources, Policy(FEW, 1, "limits", **policy), jobs=1)


def test_one_that_can_not_be_taken_leaves_out_none_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the grader itself makes a mistake in taking it, which is told as one."""
    honest = str(SOLUTIONS)

    def taken(source: str, name: str = "", **options: Any) -> Submission:
        if name == "odd":
            raise AttributeError("a mistake")
        return take(source, name, **options)

    monkeypatch.setattr(grade, "take", taken)
    results, _ = graded(tmp_path / "out", [("damaged", damaged("tar.xz", tmp_path)), ("odd", honest), ("honest", honest)], monkeypatch)

    assert [0, 0, 2] == [told["points"] for told in results]
    assert [False, True, False] == [bool(told["grader_error"]) for told in results]


@pytest.mark.parametrize("times", [1, 2])
def test_what_the_machine_can_not_read_is_no_zero(times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that the grader may not enter, or a disk that is full: tried once more, and then a grader error."""
    failures = iter([OSError(errno.EACCES, "Permission denied"), OSError(errno.ENOSPC, "No space left on device")][:times])
    reading = submission._from_folder

    def read(*arguments: Any) -> None:
        if (error := next(failures, None)) is not None:
            raise error
        reading(*arguments)

    monkeypatch.setattr(submission, "_from_folder", read)
    (told,), _ = graded(tmp_path / "out", [("it", str(SOLUTIONS))], monkeypatch)

    assert (times == 2) == bool(told["grader_error"])
    assert (0 if times == 2 else 2) == told["points"]


def test_a_repository_elsewhere_that_can_not_be_reached_is_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pushed to it has no part in that; what lies here and is no repository is its own fault."""
    with pytest.raises(NotReached, match=r"git can't read it: .*127\.0\.0\.1"):
        take("http://127.0.0.1:1/it.git")
    with pytest.raises(NotTaken, match=r"There is no git repository /nothing\.git"):
        take("file:///nothing.git")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotReached, match="There is no program git here"):
        take("http://127.0.0.1:1/it.git")


def test_what_can_not_be_kept_is_told_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full in the middle of a class costs the next run time, and none of this one's results."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cache").write_text("")  # in the place of the folder

    results, it = graded(tmp_path / "out", [("one", str(SOLUTIONS)), ("two", str(SOLUTIONS))], monkeypatch)

    assert [2, 2] == [told["points"] for told in results]
    assert it.unkept


def test_a_result_says_where_its_submission_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two who call theirs alike nobody knows otherwise whose it is; whether it was judged, known already or not taken."""
    places = {"ben/submission": base, "cleo/submission": base, "dora/submission": Path.mkdir}
    for place, make in places.items():
        (tmp_path / place).parent.mkdir()
        make(tmp_path / place)
    for _ in range(2):
        sources = grade._sources(options(*(str(tmp_path / place) for place in places)))
        results, it = graded(tmp_path / "out", sources, monkeypatch)
        assert [(name, str(source)) for name, source in sources] == [(told["submission"]["name"], told["submission"]["source"]) for told in results]
    assert 2 == it.kept
    assert ["submission", "submission (2)", "submission (3)"] == [name for name, _ in sources]


@pytest.mark.parametrize(("source", "shown"), [
    ("https://ada:secret@example.com/it.git#v1", "https://…@example.com/it.git#v1"), ("git@example.com:it.git", "git@example.com:it.git"),
    (Path("a@b"), "a@b"), ("https://example.com/x@y", "https://example.com/x@y"), ("a\x1b[2Jb", r"a\x1b[2Jb"),
])
def test_a_result_says_no_password(source: str | Path, shown: str) -> None:
    """Those who read a result aren't those who may read the repository."""
    assert shown == grade._shown(source)


@pytest.mark.parametrize("state", ["unclear", "broken"])
def test_what_a_busy_machine_could_not_tell_is_judged_again(state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quiet one may; what is settled isn't judged twice."""
    outcomes = []
    for each in (state, "red", state):
        (told,), it = graded(tmp_path / "out", [("it", str(SOLUTIONS))], monkeypatch, each)
        outcomes.append((told["tests"][0]["state"], it.judged, it.kept))

    assert [(state, 1, 0), ("red", 1, 0), ("red", 0, 1)] == outcomes


def test_what_is_withheld_is_settled_when_it_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not when it was inconclusive."""
    monkeypatch.setattr(grade.screen, "reaches", lambda files: ["app/x.py:1: imports gc"])
    for state, kept in (("unclear", 0), ("unclear", 0), ("green", 0), ("green", 1)):
        (told,), it = graded(tmp_path, [("it", str(SOLUTIONS))], monkeypatch, state, credit_inconclusive=True)
        assert ("withheld", kept) == (told["tests"][0]["state"], it.kept)


def test_the_same_files_are_not_the_same_submission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left out of one is told of that one alone, whoever was judged first; what judging has shown, of both."""
    for name in ("ada", "bob", "cleo"):
        base(tmp_path / name)
    for name in ("ada", "cleo"):
        (tmp_path / name / f"app/{name}.py").symlink_to("main.py")
    remarks = []
    for name in ("ada", "bob", "cleo"):
        (told,), it = graded(tmp_path / "out", [(name, str(tmp_path / name))], monkeypatch)
        remarks.append(told["submission"]["remarks"])

    assert (0, 1) == (it.judged, it.kept)
    left_out = "app/{}.py was left out: it is no file, but a symbolic link"
    assert [[left_out.format("ada"), "It used too much."], ["It used too much."], [left_out.format("cleo"), "It used too much."]] == remarks


def test_a_result_of_katas_that_were_changed_meanwhile_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be known as one of the katas from before."""
    digests = iter(["before", "before", "after"])
    monkeypatch.setattr(grade, "digest_of_katas", lambda: next(digests))
    it = Class(tmp_path / "out", Policy(FEW, 1, "limits"), katas=grade.digest_of_katas())
    monkeypatch.setattr(grade, "_watched", lambda task: {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": json.dumps(
        {"complete": True, "tests": [told("green"), told("green", "1.3")]})})
    with ThreadPoolExecutor(1) as pool:
        judged, = it.grade([("it", str(SOLUTIONS))], pool, lambda result: None)

    assert (2, "the katas were changed while it was judged") == (judged["points"], it.unkept)
    assert not list((tmp_path / "out").rglob("cache/*"))


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '{"tests": []}', '{"version": 3, "tests": 1}', '{"result": {}, "remarks": []}'])
def test_a_damaged_result_is_judged_again(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept may have been cut off."""
    _, it = graded(tmp_path, [("it", str(SOLUTIONS))], monkeypatch)
    next((tmp_path / "cache").glob("*.json")).write_text(content)

    (told,), it = graded(tmp_path, [("it", str(SOLUTIONS))], monkeypatch)

    assert (2, 1, 0) == (told["points"], it.judged, it.kept)


def test_a_file_that_can_not_be_written_keeps_what_it_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of an earlier run's results is lost to a disk that is full."""
    (tmp_path / "it").write_text("before")

    def full(self: Path, *arguments: Any, **options: Any) -> int:
        with open(self, "w") as file:
            file.write("ha")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_text(tmp_path / "it", "after")

    assert ("before", ["it"]) == ((tmp_path / "it").read_text(), os.listdir(tmp_path))


def numbered(folder: Path, count: int) -> list[tuple[str, str]]:
    """So many submissions, none with the files of another."""
    for number in range(count):
        base(folder / str(number))
        (folder / f"{number}/app/mine.py").write_text(f"number = {number}\n")
    return [(str(number), str(folder / str(number))) for number in range(count)]


def test_no_more_are_taken_than_soon_are_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a class at once may be more than fits into memory; and each is told and kept when it is judged, not when all are taken."""
    happened: list[str] = []
    lock = threading.Lock()

    def taken(source: str, name: str = "", **options: Any) -> Submission:
        with lock:
            happened.append("taken")
        return take(source, name, **options)

    def judged(parcel: grade.Parcel) -> dict[str, Any]:
        with lock:
            happened.append("judged")
        return failed(parcel.name, parcel.policy, "", grader=False) | {"katas": it.katas}

    monkeypatch.setattr(grade, "take", taken)
    monkeypatch.setattr(grade, "assess", judged)
    it = Class(tmp_path / "out", Policy(FEW, 1, "limits"), jobs=1)
    kept_when_told = []

    def tell(result: dict[str, Any]) -> None:
        happened.append("told")
        kept_when_told.append(len(list((tmp_path / "out/cache").glob("*.json"))))

    with ThreadPoolExecutor(1) as pool:
        results = it.grade(numbered(tmp_path, 8), pool, tell)

    assert [str(number) for number in range(8)] == [told["submission"]["name"] for told in results]
    assert list(range(1, 9)) == kept_when_told
    ahead = [happened[:number].count("taken") - happened[:number].count("told") for number in range(len(happened) + 1)]
    assert 2 >= max(ahead), happened


def test_what_was_judged_before_an_interrupt_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the next one was taken, which may be a repository far away."""
    finished = threading.Event()

    def taken(source: str, name: str = "", **options: Any) -> Submission:
        if name == "1":
            assert finished.wait(60)
            raise KeyboardInterrupt
        return take(source, name, **options)

    def judged(parcel: grade.Parcel) -> dict[str, Any]:
        return failed(parcel.name, parcel.policy, "", grader=False)

    class Pool(ThreadPoolExecutor):
        def submit(self, *arguments: Any, **options: Any) -> Any:
            future = super().submit(*arguments, **options)
            put = future.add_done_callback
            future.add_done_callback = lambda callback: put(lambda done: (callback(done), finished.set()))  # type: ignore[method-assign]
            return future

    monkeypatch.setattr(grade, "take", taken)
    monkeypatch.setattr(grade, "assess", judged)
    with Pool(1) as pool, pytest.raises(KeyboardInterrupt):
        Class(tmp_path / "out", Policy(FEW, 1, "limits")).grade(numbered(tmp_path, 3), pool, lambda result: None)

    assert 1 == len(list((tmp_path / "out/cache").glob("*.json")))


def options(*arguments: str) -> Any:
    """The options of a command line."""
    return parser().parse_args(["grade", *arguments])


def test_nobody_is_taken_for_another(tmp_path: Path) -> None:
    """Not one who is called as another's second would be; and the folder of results is nobody."""
    names = [name for name, _ in grade._sources(options("x/ada", "y/ada", "z/ada (2)", "v/ada"))]
    assert len(set(names)) == 4, names

    (tmp_path / "ada").mkdir()
    (tmp_path / "grades").mkdir()
    assert [("ada", tmp_path / "ada")] == grade._sources(options("--class", str(tmp_path), "--out", str(tmp_path / "grades")))


def test_an_entry_of_a_class_is_what_it_is_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is called: not another's commit, nor a repository elsewhere."""
    base(tmp_path / "it")
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *command], cwd=tmp_path / "it", check=True, capture_output=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(tmp_path / "it"), str(tmp_path / "class/carl.git")], check=True)
    for name in ("carl.git#HEAD", "a@127.0.0.1:x"):
        (tmp_path / "class" / name).mkdir()
    base(tmp_path / "class/ada#1")
    monkeypatch.chdir(tmp_path / "class")  # where even a name alone would be a URL

    results, _ = graded(tmp_path / "out", grade._sources(options("--class", ".")), monkeypatch)

    assert {"a@127.0.0.1:x": "no app/", "ada#1": "", "carl.git": "", "carl.git#HEAD": "no app/"} == {
        told["submission"]["name"]: "no app/" if "It holds no app/" in str(told["message"]) else told["message"] or "" for told in results}


def test_a_link_that_leads_nowhere_leaves_out_none_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that leads to itself."""
    base(tmp_path / "class/ada")
    (tmp_path / "class/loop").symlink_to("loop")
    (tmp_path / "class/nowhere").symlink_to("nothing")

    results, _ = graded(tmp_path / "out", grade._sources(options("--class", str(tmp_path / "class"))), monkeypatch)

    assert [2, 0, 0] == [told["points"] for told in results]
    assert [None, "It is a symbolic link.", "It is a symbolic link."] == [told["message"] for told in results]


def told_to(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of ``dojo grade`` with these, where each submission that can be taken is green."""
    record = {"complete": True, "tests": [told("green"), told("green", "1.3")]}
    fine = {"status": 0, "timed_out": False, "said": "", "remarks": [], "record": json.dumps(record)}
    monkeypatch.setattr(grade, "_watched", lambda task: fine)
    return grade.grade(options("--exercise", "1.1", "--exercise", "1.3", "--jail", "limits", *arguments))


def written(out: Path) -> set[str]:
    """The files of a folder of results but for what it keeps for other runs."""
    return {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()
            and not {"cache", "seed", ".written"} & set(file.relative_to(out).parts)}


def test_nobody_has_two_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever joins or leaves the class, and whichever formats are asked for; what the instructor put beside them stays."""
    out, of_class = tmp_path / "out", ["--class", str(tmp_path / "class"), "--out", str(tmp_path / "out")]
    for name in ("ben", "cleo"):
        base(tmp_path / "class" / name)
    told_to(monkeypatch, *of_class, "--format", "gradescope")
    ben, cleo = formats.folders(["ben", "cleo"])
    assert {"class.csv", "class.md"} | {f"{each}/{file}" for each in (ben, cleo) for file in ("results.json", "gradescope.json")} == written(out)

    theirs = {"gradescope.json", "notes/results.json", "ben-20241127/results.json", f"{cleo}/note.txt", "0001-ben/results.json", "class.xlsx"}
    for each in theirs:
        (out / each).parent.mkdir(exist_ok=True)
        (out / each).write_text("")
    base(tmp_path / "class/anna")
    shutil.rmtree(tmp_path / "class/cleo")
    told_to(monkeypatch, *of_class)

    anna, = formats.folders(["anna"])
    assert theirs | {"class.csv", "class.md", f"{anna}/results.json", f"{ben}/results.json"} == written(out)


def test_one_alone_leaves_the_class_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever hands in late is graded into the same folder, as it is the default; a format that isn't asked for again goes."""
    out = tmp_path / "out"
    base(tmp_path / "class/ben")
    told_to(monkeypatch, "--class", str(tmp_path / "class"), "--out", str(out))
    before = written(out)
    late = [str(tmp_path / "class/ben"), "--out", str(out)]
    told_to(monkeypatch, *late, "--format", "gradescope")
    assert before | {"results.json", "gradescope.json"} == written(out)
    told_to(monkeypatch, *late)
    assert before | {"results.json"} == written(out)


@pytest.mark.parametrize(("jobs", "cpus", "more", "warned"), [
    ("3", {0, 1}, [], "give --jobs 2"), ("2", {0}, [], "2 judges on 1 CPU wait"), ("2", {0, 1}, [], ""), ("1", {0}, [], ""),
    ("9", {0}, ["--executor", "dask:tcp://x"], ""),
])
def test_more_jobs_than_cpus_are_warned_of(jobs: str, cpus: set[int], more: list[str], warned: str, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """They are done all the same: whoever asks for them may know better. Other machines have CPUs of their own."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: cpus)
    monkeypatch.setattr(grade, "executor_for", lambda where, jobs: ThreadPoolExecutor(1))
    base(tmp_path / "ada")

    assert 0 == told_to(monkeypatch, str(tmp_path / "ada"), "--out", str(tmp_path / "out"), "--jobs", jobs, *more)

    said = capsys.readouterr().err
    assert warned in said
    assert bool(warned) == bool(said)
    assert 1 >= said.count("\n")


@pytest.mark.parametrize("line", ["../victim", "seed", "cache/x.json", "x-abcdef/../../victim", "../x-abcdef/results.json",
                                  "linked-abcdef/results.json"])
def test_a_note_that_is_false_removes_nothing(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind `limits` a submission may have written it."""
    out, elsewhere = tmp_path / "out", tmp_path / "x-abcdef"
    for folder in (out / "cache", elsewhere):
        folder.mkdir(parents=True)
    (out / "linked-abcdef").symlink_to(elsewhere)
    for file in (tmp_path / "victim", elsewhere / "results.json", out / "cache/x.json"):
        file.write_text("")
    (out / ".written").write_text(f"{line}\n")
    base(tmp_path / "class/ben")

    told_to(monkeypatch, "--class", str(tmp_path / "class"), "--out", str(out))

    assert all(file.exists() for file in (tmp_path / "victim", elsewhere / "results.json", out / "cache/x.json", out / "seed"))


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "1e300", "x", ""])
def test_a_time_limit_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It would give everybody a zero, or no limit to anybody."""
    with pytest.raises(SystemExit):
        options("it", f"--patience={text}")
    assert "a time limit is a number of seconds above 0" in capsys.readouterr().err


def test_a_folder_of_results_has_one_seed(tmp_path: Path) -> None:
    """It is drawn once, whoever begins first; one that is damaged is told, as another would judge the whole class anew."""
    note = tmp_path / "seed"
    with ThreadPoolExecutor(8) as pool:
        assert 1 == len(set(pool.map(lambda _: grade._seed(note, None), range(32))))
    assert [5, 5] == [grade._seed(note, 5), grade._seed(note, None)]
    note.write_text("")
    with pytest.raises(ValueError, match="holds no seed: give the one that these results have with --seed"):
        grade._seed(note, None)
    assert ["seed"] == os.listdir(tmp_path)


@linux
@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", jail.LEVELS[:2])
def test_processes_that_a_kata_starts_beside_a_host_work_behind_walls(level: str, tmp_path: Path) -> None:
    """They stand behind the same ones: 4.4 gave one a name by a file in /proc, which nobody may write to there."""
    held(level)
    (told,), _ = run(tmp_path, [("complete", str(SOLUTIONS))], Policy(("4.4",), 3, level))
    assert 1 == told["points"], told


@linux
@pytest.mark.timeout(600)
def test_a_seed_gives_the_same_result_again(tmp_path: Path) -> None:
    """The same submission, seed and katas: the same result but for its times."""
    sources = [("it", str(SOLUTIONS))]
    (one,), _ = run(tmp_path / "one", sources, Policy(FEW, 3))
    (other,), _ = run(tmp_path / "other", sources, Policy(FEW, 3))
    assert without_times(one) == without_times(other)


@linux
@pytest.mark.timeout(900)
def test_a_run_that_was_ended_goes_on_and_a_killed_worker_loses_nothing(tmp_path: Path) -> None:
    """Every submission is graded, none twice; another run judges only what is new."""
    for number in range(4):
        base(tmp_path / f"class/{number}")
        (tmp_path / f"class/{number}/app/mine.py").write_text(f"number = {number}\n")
    sources = [(str(number), str(tmp_path / f"class/{number}")) for number in range(4)]
    policy = Policy(("1.1",), 3)

    def kill_one() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for process in psutil.Process().children(recursive=True):
                try:
                    if warden.__file__ in process.cmdline():
                        os.kill(process.pid, signal.SIGKILL)
                        return
                except psutil.Error:
                    pass
            time.sleep(0.05)

    killer = threading.Thread(target=kill_one)
    killer.start()
    first, it = run(tmp_path / "out", sources[:3], policy)
    killer.join()

    assert [1, 1, 1] == [told["points"] for told in first], first
    assert (3, 0) == (it.judged, it.kept)
    assert 2 in {told["attempts"] for told in first}

    again, it = run(tmp_path / "out", sources, policy)
    assert (1, 3) == (it.judged, it.kept)
    assert ["0", "1", "2", "3"] == [told["submission"]["name"] for told in again]
    assert [without_times(told) for told in first] == [without_times(told) for told in again[:3]]


@linux
@pytest.mark.timeout(900)
def test_a_class_on_two_workers_of_dask(tmp_path: Path) -> None:
    """The same work given to a scheduler whose two workers are processes of their own."""
    distributed = pytest.importorskip("distributed")
    for number in range(3):
        base(tmp_path / f"class/{number}")
        (tmp_path / f"class/{number}/app/mine.py").write_text(f"number = {number}\n")
    sources = [(str(number), str(tmp_path / f"class/{number}")) for number in range(3)]

    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as cluster, \
            grade.executor_for(f"dask:{cluster.scheduler_address}", 1) as executor:
        it = Class(tmp_path / "out", Policy(("1.1",), 3))
        results = it.grade(sources, executor, lambda result: None)

    assert [1, 1, 1] == [told["points"] for told in results], results
    assert 3 == it.judged


@linux
@pytest.mark.timeout(300)
def test_the_command_says_which_walls_there_are(tmp_path: Path) -> None:
    """The level is printed and in every result, weaker walls than required are refused, and all formats are written."""
    command = [sys.executable, "-m", "dojo.cli", "grade", "solutions", "--exercise", "1.1", "--out", str(tmp_path / "out"), "--seed", "5"]

    done = subprocess.run([*command, "--jail", "limits", "--format", "junit", "--format", "classroom"], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert "Jail: limits (it was asked for)" in done.stdout
    assert "solutions: 1/1" in done.stdout
    assert {"results.json", "junit.xml", "classroom.txt"} <= {file.name for file in (tmp_path / "out").iterdir()}

    done = subprocess.run([*command, "--jail", "limits", "--require-jail", "landlock"], capture_output=True, text=True, check=False)
    assert 2 == done.returncode
    assert "weaker than landlock" in done.stderr


@linux
@pytest.mark.timeout(300)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_a_grader_that_is_ended_leaves_nothing_running(end: signal.Signals, tmp_path: Path) -> None:
    """Neither judges nor hosts nor servers; what a killed one leaves on the disk the next one removes."""
    base(tmp_path / "class/it")
    command = [sys.executable, "-m", "dojo.cli", "grade", "--class", str(tmp_path / "class"), "--phase", "1.5", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    grader = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def started() -> list[psutil.Process]:
        found, commands = psutil.Process(grader.pid).children(recursive=True), ""
        for process in found:
            with contextlib.suppress(psutil.Error):
                commands += " ".join(process.cmdline())
        return found if "dojo.forkserver" in commands else []

    until = time.monotonic() + 100
    while not (family := started()) and time.monotonic() < until:
        time.sleep(0.1)
    assert family
    grader.send_signal(end)
    grader.wait(60)

    _, alive = psutil.wait_procs(family, 30)
    assert not alive
    grade_again = [sys.executable, "-m", "dojo.cli", "grade", str(tmp_path / "nothing"), "--out", str(tmp_path / "again")]
    subprocess.run(grade_again, env=environment, capture_output=True, check=False)
    assert not list(tmp_path.glob("serving-katas-grade-*"))


# -- the workflow for learners


def test_a_phase_that_came_to_nothing_is_reported_as_such(tmp_path: Path) -> None:
    """The reporter parses the results of all phases before it reports any: each has one, whose total is the catalog's."""
    jobs = YAML(typ="safe").load(ROOT / ".github/workflows/grade.yml")["jobs"]
    matrix, outputs, steps = jobs["phase"]["strategy"]["matrix"]["phase"], jobs["phase"]["outputs"], jobs["classroom"]["steps"]
    nothing = next(step for step in steps if step.get("id") == "nothing")
    reporter = next(step for step in steps if "autograding-grading-reporter" in step.get("uses", ""))
    environment = {"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(tmp_path / "output")}
    subprocess.run(["bash", "-e", "-c", nothing["run"]], env=environment, check=True)
    said = dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())

    assert "${{" not in nothing["run"]
    assert "always()" not in str(jobs)
    assert matrix == [phase.id for phase in phases() if phase.id not in ("0", grade.CONTAINERS)]
    names = {f"phase{each.replace('.', '')}": each for each in matrix}
    assert names.keys() == outputs.keys() == said.keys() == set(reporter["with"]["runners"].split(","))
    assert reporter["env"] == {f"{name.upper()}_RESULTS": f"${{{{ needs.phase.outputs.{name} || steps.nothing.outputs.{name} }}}}" for name in names}
    for name, each in names.items():
        policy = Policy(tuple(exercise.id for exercise in exercises() if exercise.phase == each))
        judged = json.loads(base64.b64decode(formats.classroom(failed("it", policy, "Lost."))))
        told = json.loads(base64.b64decode(said[name]))
        assert {key: judged[key] for key in ("version", "status", "max_score")} == {key: told[key] for key in ("version", "status", "max_score")}
        assert judged["tests"][0].keys() == told["tests"][0].keys()
        assert (f"Phase {each}", "error", 0) == tuple(told["tests"][0][key] for key in ("name", "status", "score"))


# -- what reaches


@pytest.mark.parametrize("answer", [SOLUTIONS, *sorted((ANSWERS / "right").iterdir())], ids=lambda path: path.name)
def test_right_answers_do_not_reach(answer: Path) -> None:
    """Nothing that a solution in any style does is held against it."""
    assert [] == reaches({str(file.relative_to(answer)): file.read_bytes() for file in answer.rglob("*.py")})


@pytest.mark.parametrize("code", [
    "import gc", "from ctypes import CDLL", "import sys\nsys._getframe()", "import sys\nsys.modules['x']", "import asyncio\nasyncio.sleep = None",
    "f.__globals__", "getattr(f, '__glo' + 'bals__')", "getattr(f, name())", "exec('x')", "import importlib\nimportlib.import_module(x)",
    "from inspect import stack", "open('/proc/self/mem')", "vars(sys)", "x = 'do' + 'jo.probe'", "import dojo.probe",
    "import time as t\nt.sleep = None",
    "globals()", "import asyncio\nsetattr(asyncio, 'sleep', 1)", "(c for c in ()).gi_frame.f_back",
    "import runpy\nrunpy.run_path('app/notes.txt')", "import importlib.util as u\nu.find_spec('x')",
    "from importlib.machinery import SourceFileLoader",
    "import sys\nsys.path.append('app/notes.zip')", "import pickle", "import operator\noperator.attrgetter(name())", "f.__getattribute__(x)",
    "import threading\nthreading._sys.modules", "import asyncio\nvars(asyncio)['sleep'] = None", "import asyncio\nasyncio.__dict__['sleep'] = None",
    "from asyncio import tasks\ntasks.sleep = None", "import asyncio\nfor asyncio.sleep in (1,): pass", "import asyncio\n(asyncio.sleep, x) = 1, 2",
    "import asyncio\nobject.__setattr__(asyncio, 'sleep', 1)", "from unittest import mock",
    "import socket\nsocket.socket(fileno=3)", "from unittest.mock import patch",
    "from os import sys", "from .settings import sys", "from timeit import gc", "import timeit\ntimeit.gc", "f'{\"\x01\"}'.sys",
    "__builtins__['__import__']('x')", "__loader__", "__spec__.loader",
    "n = ''.join(['__glo', 'bals__'])\ngetattr(f, n)", "if (n := f'{a}{b}'): getattr(f, n)", "n: str = a + b\ngetattr(f, n)",
    "n = a[::-1]\ngetattr(f, n)", "import asyncio\nb = asyncio\nb.sleep = None", "import sys\ns = sys\ns.modules",
    "import asyncio\n(b := asyncio).sleep\nb.sleep = None", "import timeit\ntimeit.timeit(open('app/notes.txt').read())",
    "from timeit import Timer\nTimer('x')", "import timeit\ntimeit.repeat(f, setup='x')", "import timeit as t\ncode = a + b\nt.timeit(code)",
    "import profile", "import cProfile", "import pdb", "import trace", "open('/proc/1/fd/3')", "open(f'/proc/{pid}/environ')",
    "# coding: a_codec_of_mine\n",
])
def test_code_that_reaches_is_named(code: str) -> None:
    """Each way into the process around it, with its line."""
    assert reaches({"app/x.py": code.encode()}), code
    assert all(line.startswith("app/x.py:") for line in reaches({"app/x.py": code.encode()}))


@pytest.mark.parametrize("code", [
    "for n in ('a', 'b'): getattr(f, n)", "def g(n): return getattr(f, n, None)", "n = 'a'\ngetattr(f, n)",
    "from timeit import default_timer\ndefault_timer()", "import timeit\ntimeit.timeit(f, number=3)\ntimeit.repeat(lambda: f(x), number=n())",
    "import time\nt = time\nt.perf_counter()", "from app import trace", "import json\nb = json.loads(x)\nb.y = 1",
    "open(f'/proc/{pid}/smaps_rollup')", "open('/proc/self/status')", "__name__, __file__",
    "open('/proc/1/cgroup')", "FastAPI(title='serving-katas')", "field = names[0]\ngetattr(s, field)", "m = r.method.lower()\ngetattr(client, m)",
    "import functools, timeit\nrun = functools.partial(f, 1)\ntimeit.timeit(run)",
])
def test_what_only_looks_like_it_is_not_named(code: str) -> None:
    """Names from a loop or a caller, a clock, a function that is timed, another name for a module that is only used."""
    assert [] == reaches({"app/x.py": code.encode()})


@pytest.mark.parametrize("code", [
    "if x: pass\n" + "elif x: pass\n" * 5000, "x = " + "+".join(["'a'"] * 5000), "import time\ntime" + ".x" * 995 + " = 1",
])
def test_what_is_too_deep_to_be_looked_through_is_named(code: str) -> None:
    """It runs all the same, when a module that is imported before it has told Python to go deeper."""
    assert ["app/x.py:1: is nested too deeply to be looked through"] == reaches({"app/x.py": code.encode()})


def test_what_is_too_long_to_be_looked_through_is_named_and_is_not_parsed() -> None:
    """It is the grader's own process that would parse it, which would take it a thousand times its room: whatever it may have."""
    before = psutil.Process().memory_info().rss

    assert ["app/x.py:1: is too long to be looked through"] == reaches({"app/x.py": b"a;" * 250_000, "app/y.py": b"y = 1\n"})
    assert psutil.Process().memory_info().rss < before + (50 << 20)


def test_no_more_than_ten_times_the_solutions_is_looked_through() -> None:
    """Many files are as much work as a long one; those that are left are named."""
    found = reaches({f"app/x{number:02}.py": b"# a line\n" * 10_000 for number in range(13)})

    assert [f"app/x{number}.py:1: is one file too many to be looked through" for number in (11, 12)] == found


@pytest.mark.parametrize("code", [
    "x = '/proc/self/mem" + "x" * 50_000 + "'" + "+ 'a'" * 300 + "\n", "import asyncio\nasyncio." + "x" * 90_000 + " = 1",
])
def test_what_is_found_is_short(code: str) -> None:
    """However long the line in the submission is: a person reads it, and it goes into every table."""
    assert all(len(line) < 250 for line in reaches({"app/x.py": code.encode()}))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"def (", b"x = " + b"(" * 5000, b"\0", "x = 'é'".encode("latin-1")])
def test_what_can_not_be_parsed_is_passed_over(content: bytes) -> None:
    """It can't run either."""
    assert [] == reaches({"app/x.py": content})


def test_room_is_made_of_what_is_large_and_late(tmp_path: Path) -> None:
    """What the judge has laid there before stays, and so does what a link leads to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(bytes(2 << 20))
    room = tmp_path / "room"
    (room / "judge").mkdir(parents=True)
    (room / "judge" / "early").write_bytes(bytes(4096))
    (room / "late").mkdir()
    (room / "late" / "large").write_bytes(bytes(3 << 20))
    for number in range(20):
        time.sleep(0.01)  # a file system's clock goes in steps
        (room / "late" / f"{number:02}").write_bytes(bytes(4096))
    (room / "late" / "away").symlink_to(outside)

    warden.make_room(str(room), 20 * 4096, 1000)
    assert (room / "judge" / "early").exists()
    assert not (room / "late" / "large").exists()
    assert warden.used(str(room))[0] <= 20 * 4096

    warden.make_room(str(room), 1 << 30, 5)
    assert ["00", "01", "02", "03", "away"] == sorted(path.name for path in (room / "late").iterdir())
    assert (room / "judge" / "early").exists()
    assert (outside / "file").exists()


@linux
@pytest.mark.timeout(600)
def test_a_cache_that_the_judge_may_not_enter_costs_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one is that a judge of another user has made: then the database is made anew."""
    if os.geteuid() != 0:
        pytest.skip("only root's judge is another user")
    held("bubblewrap")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (jail.prepared_cache(grade._cache_folder(), "bubblewrap") / "serving-katas").mkdir(mode=0o700)

    (result,), _ = run(tmp_path / "run", [("it", str(SOLUTIONS))], Policy(("A",), 1, "bubblewrap"))

    assert ["green"] == [test["state"] for test in result["tests"]], result
