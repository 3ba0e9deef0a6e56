"""Reads a commit of a git repository that nobody trusts, whether it lies here or on another machine.

git follows whatever a repository's own files name: objects elsewhere, another repository, programs. So it never runs in one that lies
here, but in a copy of what is plain data there, with a configuration of its own. That also asks nobody whose repository it is.
"""

import contextlib
import errno
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from dojo.submission import ENTRIES, LONGEST, OF_THE_MACHINE, TOO_LONG, NotReached, NotTaken, Submission, below, kind_of, printable, top_of, unfit

#: How long git may take to fetch a repository, and again to read in it, in seconds.
GIT_PATIENCE = 120.0
#: How large a repository may be, and what git may print of it, in bytes; how deep the folders of its references may lie.
REPOSITORY, LISTED, DEEPEST = 1 << 30, 16 << 20, 16
#: How much memory git may use, in bytes: what a tree or a difference unpacks to isn't known from its size.
_MEMORY = 2 << 30
#: What of the objects is needed. Not what only makes reading faster, nor what names objects elsewhere.
_OBJECTS = re.compile(r"objects/([0-9a-f]{2}(/[0-9a-f]+)?|pack(/[^/]+\.(idx|pack))?)")
#: In the order in which git itself reads them, as it may change them meanwhile: nothing is looked for before what names it.
_DATA = ("config", "HEAD", "refs", "packed-refs", "reftable", "objects")
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_CURE = "hand in a plain clone or an archive"
#: What git says when the machine is at fault.
_OF_THE_MACHINE = (os.strerror(errno.ENOSPC), "dubious ownership", "unknown repository extension")


def local(url: str) -> Path | None:
    """The path that a ``file:`` URL names; None for any other."""
    if not url.startswith("file://"):
        return None
    return Path("/" + unquote(url.removeprefix("file://").partition("/")[2], errors="surrogateescape"))


def is_bare(place: Path) -> bool:
    """Whether a folder looks like one in which git keeps a repository."""
    try:
        return (stat.S_ISREG(os.stat(place / "HEAD").st_mode) and stat.S_ISDIR(os.stat(place / "objects").st_mode)
                and stat.S_ISDIR(os.stat(place / "refs").st_mode))
    except OSError as error:
        if error.errno in OF_THE_MACHINE:
            raise
        return False


def read(submission: Submission, source: Path | str, revision: str) -> None:
    """Takes a commit from a folder here, or from a URL. Nothing is checked out: no hooks, filters or attributes come to be used."""
    if revision.startswith("-") or str(source).startswith("-"):
        raise NotTaken("This is no revision.")
    with tempfile.TemporaryDirectory(prefix="serving-katas-") as folder:
        if isinstance(source, Path):
            _Copy(Path(folder) / "it.git").make(source)
        else:
            _git(folder, "clone", "--quiet", "--bare", "--no-local", "--template=", "--", source, "it.git", until=_until(), fetches=True)
        _read(submission, folder, revision)


def _read(submission: Submission, folder: str, revision: str) -> None:
    until = _until()

    def git(*arguments: str) -> bytes:
        return _git(folder, "--git-dir=it.git", *arguments, until=until)

    commit = git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    listed = git("ls-tree", "-r", "-z", "-l", commit).decode(errors="surrogateescape")
    if listed.count("\0") > ENTRIES:
        raise NotTaken(f"It has more than {ENTRIES} files.")
    entries = [(line.partition("\t")[2], line.partition("\t")[0].split()) for line in listed.split("\0") if line]
    top = top_of(name for name, _ in entries)
    for name, (mode, kind, number, size) in entries:
        if (path := below(name, top)) is None:
            continue
        if kind != "blob" or mode not in ("100644", "100755"):
            what = "a symbolic link" if mode == "120000" else "something else"
            submission.remark(f"{printable(str(path))} was left out: it is no file, but {what}")
        elif why := unfit(path):
            submission.remark(f"{printable(str(path))} was left out: {why}")
        elif int(size) > LONGEST:
            submission.remark(f"{printable(str(path))} was left out: {TOO_LONG}")
        else:
            submission.add(path, git("cat-file", "blob", number))
    submission.remark(f"commit {commit}")


# -- git


def _until() -> float:
    return time.monotonic() + GIT_PATIENCE


def _too_large() -> NotTaken:
    return NotTaken(f"Its git repository is larger than {REPOSITORY >> 20} MB: hand in an archive of its files.")


def _git(folder: str, *arguments: str, until: float, fetches: bool = False) -> bytes:
    """What git prints. Neither that nor any file that it writes gets longer than anybody needs; it ends ``until`` then.

    ``fetches``: from another machine; whether that answers is no submission's affair.
    """
    path = os.environ.get("PATH", os.defpath)
    if shutil.which("git", path=path) is None:
        raise NotReached("There is no program git here: install it.")
    environment = {"PATH": path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
                   "GIT_ALLOW_PROTOCOL": "https:http:ssh:git", "GIT_NO_REPLACE_OBJECTS": "1", "HOME": os.devnull, "GIT_CONFIG_COUNT": "1",
                   "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": os.devnull}
    # A shell's limits hold for all that git starts, and are in blocks of 512 bytes and in kB. A machine's own may be lower, and then stay.
    limits = f"{{ ulimit -c 0; ulimit -f {(REPOSITORY if fetches else LISTED) >> 9}; ulimit -d {_MEMORY >> 10}; }} 2>/dev/null"
    # What fetches shall live to tell why it can't write; what lists would go on to the end of its list.
    command = limits + ("; trap '' XFSZ" if fetches else "") + '; exec git "$@"'
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(["/bin/sh", "-c", command, "git", *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=errors, start_new_session=True)
        try:
            status = process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise (NotReached if fetches else NotTaken)(f"git took longer than {GIT_PATIENCE:g} s to read it.") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        output.seek(0)
        errors.seek(0)
        if not status:
            return output.read(LISTED)
        said = " ".join(errors.read(4096).decode(errors="replace").split())
    if status == -signal.SIGXFSZ:
        raise NotTaken(f"The names of its files are longer than {LISTED >> 20} MB, all together.")
    if fetches and os.strerror(errno.EFBIG) in said:
        raise _too_large()
    at_fault = NotReached if fetches or any(each in said for each in _OF_THE_MACHINE) else NotTaken
    raise at_fault(f"git can't read it: {printable(said or 'it says nothing', 300)}")


# -- a repository that lies here


def _mode(name: str | Path, within: int | None = None) -> int:
    """The ``st_mode`` of what is called so, itself; 0 when there is nothing."""
    try:
        return os.stat(name, dir_fd=within, follow_symlinks=False).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


@contextlib.contextmanager
def _opened(name: str | Path, within: int | None = None) -> Iterator[int]:
    folder = os.open(name, os.O_RDONLY | _FOLDER, dir_fd=within)
    try:
        yield folder
    finally:
        os.close(folder)


@contextlib.contextmanager
def _found(place: Path) -> Iterator[int]:
    """The folder in which git keeps a repository, opened: where git itself would find it, yet by nothing that points elsewhere."""
    for there in (place, Path(f"{place}.git")):
        if stat.S_ISLNK(kind := _mode(there)):
            raise NotTaken("It is a symbolic link.")
        if not stat.S_ISDIR(kind):
            continue
        with _opened(there) as folder:
            if stat.S_ISDIR(inner := _mode(".git", folder)):
                with _opened(".git", folder) as its_own:
                    yield its_own
                return
            if inner:
                raise NotTaken(f"Its .git is no folder, but points to one elsewhere, as in a worktree or a submodule: {_CURE}.")
            if _mode("HEAD", folder):
                yield folder
                return
    raise NotTaken(f"There is no git repository {printable(str(place))}.")


class _Copy:
    """A repository with the objects and references of another, and with nothing of it that git would follow or execute."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._left, self._entries = REPOSITORY, ENTRIES

    def make(self, place: Path) -> None:
        """Copies those of the repository at ``place``; its links aren't followed."""
        self._target.mkdir()
        with _found(place) as folder:
            if _mode("commondir", folder):
                raise NotTaken(f"It is a worktree of another repository: {_CURE}.")
            for name in ("alternates", "http-alternates"):
                if _mode(f"objects/info/{name}", folder):
                    raise NotTaken("It borrows objects of another repository, as clones made with --shared or --reference do: run "
                                   f"`git repack -a -d` in it and delete its objects/info/{name}, or hand in an archive.")
            for name in _DATA:
                if _mode(name, folder):
                    self._copy(folder, PurePosixPath(name))
        self._configure()

    def _copy(self, folder: int, path: PurePosixPath) -> None:
        self._entries -= 1
        if self._entries < 0 or len(path.parts) > DEEPEST:
            raise NotTaken(f"Its git folder has more than {ENTRIES} files, or some that lie too deep: run `git gc` in it, or hand in an archive.")
        try:
            mode = os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                (self._target / path).mkdir()
                with _opened(path.name, folder) as inner:
                    with os.scandir(inner) as entries:
                        names = sorted(entry.name for _, entry in zip(range(ENTRIES + 1), entries, strict=False))
                    for name in names:
                        if path.parts[0] != "objects" or _OBJECTS.fullmatch(str(path / name)):
                            self._copy(inner, path / name)
            elif stat.S_ISREG(mode):
                # Not to wait, should it have become a pipe meanwhile; nor to follow, should it have become a link.
                file = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
                with open(file, "rb") as stream, open(self._target / path, "wb") as copy:
                    while data := stream.read(1 << 20):
                        self._left -= len(data)
                        if self._left < 0:
                            raise _too_large()
                        copy.write(data)
            else:
                raise NotTaken(f"{printable(str(path))} in its git folder is no file, but {kind_of(mode)}: {_CURE}.")
        except FileNotFoundError:
            raise NotReached("It was changed while it was read.") from None

    def _configure(self) -> None:
        """Gives it a configuration that says how objects and references are written, and nothing else."""
        place = self._target / "config"
        said = place.read_bytes() if place.is_file() else b""
        extensions = [f"\t{name} = {value}\n" for name, value in (("objectFormat", "sha256"), ("refStorage", "reftable"))
                      if re.search(rb"(?im)^\s*%s\s*=\s*%s\s*$" % (name.encode(), value.encode()), said)]
        place.unlink(missing_ok=True)
        place.write_text(f"[core]\n\tbare = true\n\trepositoryformatversion = {int(bool(extensions))}\n[extensions]\n{''.join(extensions)}")
