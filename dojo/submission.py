"""Takes from a submission what a learner edits, and nothing else: from a folder, an archive or a git repository.

What comes out is plain: paths and bytes, each path below a name of `EDITABLE`, no links, no devices, nothing that names or sizes can
harm. What was left out is said in ``remarks``. Files that no exercise edits are given, and come from this repository.
"""

import errno
import hashlib
import io
import os
import re
import stat
import tarfile
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

from dojo import catalog
from dojo.workspace import EDITABLE, SOLUTIONS

#: The longest file, and all files together, in bytes; how many there may be, and how deep.
LONGEST, ALL, COUNT, DEPTH = 4 << 20, 32 << 20, 1000, 8
#: How much an archive may hold that isn't taken, in bytes, and how many entries.
PASSED_OVER, ENTRIES = 2 << 30, 100_000  # a clone with all that nox installs is a third of that
#: How long a name or what else stands before an entry of a tar may be, in bytes.
_HEADER = 16 << 10
#: How long an archive may take to be unpacked, in seconds; how much memory that may need, in bytes: twice what `xz -9` asks for.
_PATIENCE, _MEMORY = 300.0, 128 << 20
#: What Python would execute without its source, and what only a build leaves behind.
_COMPILED = (".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib", ".pth", ".egg-link")
_LEFT_OUT = ("__pycache__", "node_modules")
#: What macOS puts beside the files that it packs.
_BESIDE = "__MACOSX"
#: What a file system or this process says of itself, whatever it was that should be read.
OF_THE_MACHINE = (errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EROFS,
                   errno.ESTALE)
#: How archives are called, and how those begin that aren't read.
_ARCHIVE = re.compile(r"\.(zip|t(ar|gz|bz2?|xz)|tar\.\w+|rar|7z)$", re.IGNORECASE)
_OTHERS = {"RAR": b"Rar!\x1a\x07", "7-Zip": b"7z\xbc\xaf\x27\x1c", "Zstandard": b"\x28\xb5\x2f\xfd"}
TOO_LONG = f"it is longer than {LONGEST >> 20} MB"
_URL = re.compile(r"(?:file|https?|ssh|git)://|[\w.-]+@[\w.-]+:")


class NotTaken(Exception):
    """There is nothing to be judged; the text says why, to the learner and the instructor."""


class NotReached(Exception):
    """What is to be judged couldn't be read here, which is none of its own fault; the text says why."""


@dataclass
class Submission:
    """``files`` by their paths from the workspace's root; ``name`` is safe to be shown."""

    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Of names and contents."""
        total = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            total.update(f"{len(path)} {path} {len(content)} ".encode() + content)
        return total.hexdigest()

    def remark(self, text: str) -> None:
        """Notes what was left out; the first twenty times."""
        if len(self.remarks) < 20:
            self.remarks.append(text)

    def add(self, path: PurePosixPath, content: bytes) -> None:
        """Takes a file, unless it is none that could be part of a workspace."""
        if (why := unfit(path)) or (why := "" if len(content) <= LONGEST else TOO_LONG):
            self.remark(f"{printable(str(path))} was left out: {why}")
        elif shadowed := _shadowed(path):
            self.remark(f"{printable(str(path))} was left out: Python would import its folder in the place of {shadowed}")
        elif str(path) in self.files:
            self.remark(f"{printable(str(path))} is there twice: the first one was taken")
        else:
            self.files[str(path)] = content
            if len(self.files) > COUNT or sum(map(len, self.files.values())) > ALL:
                raise NotTaken(f"It has more than {COUNT} files, or more than {ALL >> 20} MB.")

    def write(self, folder: Path) -> None:
        """Lays the files into an empty folder, and under them those that are given."""
        edited = {file for exercise in catalog.exercises() for file in exercise.edit}
        given = {str(file.relative_to(SOLUTIONS)): file.read_bytes() for name in EDITABLE for file in _files(SOLUTIONS / name)}
        given = {path: content for path, content in given.items() if path not in edited}
        for path, content in (given | {path: content for path, content in self.files.items() if path not in given}).items():
            place = folder / path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                self.remark(f"{path} was left out: a file has the name of its folder, or a folder its own")

    def changed_given(self) -> list[str]:
        """Which given files it has changed; they don't count."""
        edited = {file for exercise in catalog.exercises() for file in exercise.edit} | {"app/__init__.py"}
        return [path for path, content in sorted(self.files.items())
                if path not in edited and (SOLUTIONS / path).is_file() and _lines((SOLUTIONS / path).read_bytes()) != _lines(content)]


def _shadowed(path: PurePosixPath) -> str:
    """The module of the workspace that a folder of the same name hides, as that is imported before a file; empty when there is none."""
    return next((f"{folder}.py" for folder in path.parents if (SOLUTIONS / f"{folder}.py").is_file()), "")


def _lines(content: bytes) -> list[bytes]:
    return content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n")  # as git and editors on Windows write them


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from (file for file in sorted(place.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)


def printable(text: str, longest: int = 200) -> str:
    """``text`` without what could steer a terminal, reorder what is read, or pass for something else."""
    shown = "".join(c if c == " " or (c.isprintable() and unicodedata.category(c) not in ("Cf", "Zl", "Zp", "Co", "Cn")) else f"\\x{ord(c):02x}"
                    for c in text[:longest])
    return shown if len(text) <= longest else shown + "…"


def unfit(path: PurePosixPath) -> str:
    """Why there can't be a file with this path in a workspace; empty when there can."""
    text = str(path)
    if path.is_absolute() or ".." in path.parts or "\\" in text or not path.parts or path.parts[0] not in EDITABLE:
        return "it lies where no exercise edits anything"
    if printable(text) != text or len(text.encode(errors="replace")) > 200 or any(len(part) > 100 for part in path.parts):
        return "its name is too long, or holds what can't be shown"
    if unicodedata.normalize("NFC", text) != text:
        return "its name can be read in two ways"
    if len(path.parts) > DEPTH:
        return "it lies too deep"
    if path.suffix.lower() in _COMPILED:
        return "only sources are judged"
    if any(part in _LEFT_OUT or (part.startswith(".") and part not in EDITABLE) for part in path.parts):
        return "it is none of the service's files"
    return ""


def take(source: str, name: str = "", *, literal: bool = False) -> Submission:
    """The submission at ``source``: a folder, an archive, a git URL or a bare repository (``#revision`` may follow).

    When it is ``literal`` it is the path of something that lies here, whatever signs are in it: neither a URL nor with a revision.
    Raises `NotTaken`, or `NotReached`.
    """
    from dojo import repository  # which needs what stands here

    place, _, revision = (source, "", "") if literal else source.partition("#")
    submission = Submission(printable(name or PurePosixPath(place.rstrip("/")).name or source))
    try:
        if not literal and _URL.match(source):
            repository.read(submission, repository.local(place) or place, revision or "HEAD")
        elif repository.is_bare(Path(place)):
            repository.read(submission, Path(place), revision or "HEAD")
        elif Path(source).is_symlink() or not os.path.lexists(source):
            raise NotTaken(f"There is no folder or archive {printable(source)}." if not os.path.lexists(source) else "It is a symbolic link.")
        elif Path(source).is_dir():
            _from_folder(submission, Path(source))
        elif Path(source).is_file():
            with open(source, "rb") as stream:
                _from_archive(submission, stream)
        else:
            raise NotTaken("It is neither a folder nor a file.")
    except (NotTaken, NotReached):
        raise
    except Exception as error:  # what unpacks has many ways to say that something is damaged
        told = f"It can't be read: {printable(str(error) or type(error).__name__)}"
        raise (NotReached if isinstance(error, OSError) and error.errno in OF_THE_MACHINE else NotTaken)(told) from None
    if not any(PurePosixPath(path).parts[0] == "app" for path in submission.files):
        raise NotTaken("It holds no app/ with files in it.")
    for path in submission.changed_given():
        submission.remark(f"{path} is given and was changed: it was judged with the one that is given")
    return submission


# -- folders


def _from_folder(submission: Submission, folder: Path) -> None:
    """Reads a folder without following any link; folders around the workspace are passed through, as in archives."""
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for depth in range(3):
            if (found := _workspace_at(root, depth)) is not None:
                os.close(root)
                root = found
                break
        else:
            if archive := _archive_in(root):
                with open(_opened(archive, root), "rb") as stream:
                    _from_archive(submission, stream)
                return
        names = os.listdir(root)
        for name in EDITABLE:
            if name in names:
                _read_place(submission, root, PurePosixPath(name), name)
    finally:
        os.close(root)


def _workspace_at(folder: int, depth: int) -> int | None:
    """The first folder, so deep below an open one, that has an app/: opened; None when there is none."""
    if not depth:
        return os.dup(folder) if "app" in os.listdir(folder) else None
    for name in sorted(os.listdir(folder)):
        if not name.startswith(".") and name != _BESIDE and stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            deeper = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            try:
                if (found := _workspace_at(deeper, depth - 1)) is not None:
                    return found
            finally:
                os.close(deeper)
    return None


def _archive_in(folder: int) -> str:
    """The name of the only archive in an open folder, as learning platforms hand on what was uploaded; empty when there is none."""
    with os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(range(COUNT), entries, strict=False)
                 if _ARCHIVE.search(entry.name) and not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)]
    if len(names) > 1:
        raise NotTaken(f"It holds no app/, but {len(names)} archives, of which nobody knows which to judge: hand in one.")
    return "".join(names)


def _opened(name: str, folder: int) -> int:
    """A file of an open folder, opened: not to wait, should it have become a pipe meanwhile; nor to follow, should it have become a link."""
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise NotTaken(f"{printable(name)} is no file any more.")
    return file


def _read_place(submission: Submission, folder: int, path: PurePosixPath, name: str) -> None:
    mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    if stat.S_ISDIR(mode):
        if path.name in _LEFT_OUT or (path.name.startswith(".") and len(path.parts) > 1):
            return
        if len(path.parts) >= DEPTH:
            submission.remark(f"{printable(str(path))} was left out: it lies too deep")
            return
        deeper = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            with os.scandir(deeper) as entries:
                names = [entry.name for _, entry in zip(range(COUNT + 1), entries, strict=False)]
            if len(names) > COUNT:
                raise NotTaken(f"It has more than {COUNT} files.")
            for each in sorted(names):
                _read_place(submission, deeper, path / each, each)
        finally:
            os.close(deeper)
    elif stat.S_ISREG(mode):
        if path.name.startswith(".") and path.name not in EDITABLE:
            return
        with open(_opened(name, folder), "rb") as stream:
            submission.add(path, stream.read(LONGEST + 1))
    else:
        submission.remark(f"{printable(str(path))} was left out: it is no file, but {kind_of(mode)}")


def kind_of(mode: int) -> str:
    """What there is in the place of a file, by its ``st_mode``."""
    kinds: dict[str, Callable[[int], bool]] = {"a symbolic link": stat.S_ISLNK, "a device": lambda m: stat.S_ISCHR(m) or stat.S_ISBLK(m),
                                               "a pipe": stat.S_ISFIFO, "a socket": stat.S_ISSOCK}
    return next((kind for kind, is_it in kinds.items() if is_it(mode)), "something else")


# -- archives


def _from_archive(submission: Submission, stream: BinaryIO) -> None:
    start = stream.read(6)
    stream.seek(0)
    if start.startswith((b"PK\3\4", b"PK\5\6")):
        _from_zip(submission, stream)
    elif other := next((name for name, sign in _OTHERS.items() if start.startswith(sign)), ""):
        raise NotTaken(f"It is packed with {other}, and only zip and tar archives are read: hand in one of these.")
    else:
        _from_tar(submission, stream)


def _from_zip(submission: Submission, stream: BinaryIO) -> None:
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        if len(entries) > ENTRIES:
            raise NotTaken(f"The archive has more than {ENTRIES} entries.")
        # Windows' own way to write paths, which some of its programs put into archives although the form doesn't know it.
        backwards = not any("/" in entry.filename for entry in entries) and all(entry.create_system == 0 for entry in entries)
        named = [(entry.filename.replace("\\", "/") if backwards else entry.filename, entry) for entry in entries]
        top = top_of(name for name, _ in named)
        unpacked = 0
        for name, entry in named:
            path = below(name, top)
            kind = entry.external_attr >> 16
            if path is None or name.endswith("/"):
                continue
            if stat.S_IFMT(kind) not in (0, stat.S_IFREG):
                submission.remark(f"{printable(str(path))} was left out: it is no file, but {kind_of(kind)}")
            elif why := unfit(path) or ("" if entry.file_size <= LONGEST else TOO_LONG):
                submission.remark(f"{printable(str(path))} was left out: {why}")
            else:
                with archive.open(entry) as content:
                    data = content.read(LONGEST + 1)
                submission.add(path, data)
                unpacked += len(data)
                if unpacked > 2 * ALL:  # also of what is there twice, or longer than it says
                    raise NotTaken(f"It has more than {ALL >> 20} MB.")


class _Limited(io.RawIOBase):
    """A stream that ends with an error when more is read from it than anybody needs."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = PASSED_OVER
        self._until = time.monotonic() + _PATIENCE

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise NotTaken(f"Unpacked, the archive is larger than {PASSED_OVER >> 20} MB.")
        if time.monotonic() > self._until:
            raise NotTaken(f"The archive takes longer than {_PATIENCE:g} s to be unpacked.")
        return data


class _Xz:
    """What is packed with xz, one stream after another; the library's own file has no limit to the memory that an archive may ask for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._part = self._next()

    @staticmethod
    def _next() -> Any:
        import lzma

        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def read(self, size: int) -> bytes:
        while True:
            packed = b""
            if self._part.eof:
                packed = self._part.unused_data.lstrip(b"\0")
                while not packed:
                    if not (packed := self._stream.read(1 << 16)):
                        return b""
                    packed = packed.lstrip(b"\0")
                self._part = self._next()
            elif self._part.needs_input and not (packed := self._stream.read(1 << 16)):
                raise EOFError("it is cut off")
            try:
                if data := self._part.decompress(packed, size):
                    return bytes(data)
            except Exception as error:
                if "Memory usage limit" not in str(error):
                    raise
                raise NotTaken(f"The archive needs more than {_MEMORY >> 20} MB of memory to be unpacked: pack it with `xz -9` or less.") from None


def _unpacked(stream: BinaryIO) -> Any:
    import bz2
    import gzip

    start = stream.read(6)
    stream.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if start.startswith(b"\xfd7zXZ\x00"):
        return _Xz(stream)
    return stream


class _Entry(tarfile.TarInfo):
    """An entry of which nothing is read before its content that nobody needs so long: the library would keep it, however long it is."""

    def _proc_member(self, archive: Any) -> Any:
        before = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
        if self.type == tarfile.XGLTYPE:
            archive.for_all += self.size
        if (self.type in before and not 0 <= self.size <= _HEADER) or archive.for_all > _HEADER:
            raise NotTaken(f"The archive has a name, or attributes of a file, of more than {_HEADER >> 10} kB: pack its files anew without them.")
        return super()._proc_member(archive)  # type: ignore[misc]

    # Where the holes of a file lie can be as long as the archive, and such a file isn't taken.

    def _proc_sparse(self, archive: Any) -> Any:
        _, more, size = self._sparse_structs  # type: ignore[attr-defined]
        while more:
            more = archive.fileobj.read(tarfile.BLOCKSIZE)[504]
        self.sparse = b""
        self.offset_data = archive.fileobj.tell()
        archive.offset = self.offset_data + self._block(self.size)  # type: ignore[attr-defined]
        self.size = size
        return self

    def _proc_gnusparse_10(self, entry: Any, headers: Any, archive: Any) -> None:
        entry.sparse = b""


class _Archive(tarfile.TarFile):
    tarinfo = _Entry
    members: list[tarfile.TarInfo]
    #: How long all is that holds for each entry that follows, in bytes.
    for_all = 0


def _from_tar(submission: Submission, stream: BinaryIO) -> None:
    found: list[tuple[str, bytes | str]] = []
    kept = 0
    with _Archive.open(fileobj=_Limited(_unpacked(stream)), mode="r|") as archive:
        for number, entry in enumerate(archive):
            archive.members.clear()  # it would keep what stood before each
            if number >= ENTRIES:
                raise NotTaken(f"The archive has more than {ENTRIES} entries.")
            if entry.isdir() or not set(PurePosixPath(entry.name).parts[:4]) & set(EDITABLE):
                continue
            content: bytes | str = "it is no file, but a link or a device"
            if entry.isreg() and not entry.issparse():
                part = archive.extractfile(entry)
                content = part.read(LONGEST + 1) if part and entry.size <= LONGEST else TOO_LONG
            kept += len(content) + len(entry.name)
            if kept > 2 * ALL:
                raise NotTaken(f"It has more than {ALL >> 20} MB.")
            found.append((entry.name, content))
    top = top_of(name for name, _ in found)
    for name, content in found:
        if (path := below(name, top)) is None:
            continue
        if isinstance(content, bytes):
            submission.add(path, content)
        else:
            submission.remark(f"{printable(str(path))} was left out: {unfit(path) or content}")


def top_of(names: Iterator[str]) -> PurePosixPath:
    """The folder of an archive in which the workspace lies: the nearest to its root that has an app/."""
    tops = {path.parents[len(path.parts) - 1 - path.parts.index("app")] for name in names
            if "app" in (path := PurePosixPath(name)).parts[:3] and not path.is_absolute() and not {"..", _BESIDE} & set(path.parts)
            and len(path.parts) > 1}
    return min(tops, key=lambda top: (len(top.parts), str(top)), default=PurePosixPath("."))


def below(name: str, top: PurePosixPath) -> PurePosixPath | None:
    """A path from the workspace's root; None for what isn't in it, or is nothing that a learner edits."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return path if "app" in path.parts else None  # to be remarked on
    if not path.is_relative_to(top):
        return None
    path = path.relative_to(top)
    return path if path.parts and path.parts[0] in EDITABLE else None
