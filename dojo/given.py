"""A file that a kata gives to a service and changes while that runs: the judge's side of it.

It lies where hosts may write as well, so behind walls its name, and those of the folders above it, may have become links
since. The judge sees and may write more than a host does: followed, such a link would bring a file of the judge's own into an
answer, or destroy it. So nothing here follows one, and nothing that lies there is read.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePath

from dojo import jail
from dojo.replies import Red

#: Nothing is followed that is a link, and no reader of a pipe is waited for.
_AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
#: What opening a link then says, and a pipe that nobody reads.
_IN_ITS_PLACE = {errno.ELOOP: "a link", errno.ENXIO: "a pipe"}


@contextlib.contextmanager
def folder_of(path: str | Path) -> Iterator[tuple[str, int | None]]:
    """The name in ``path`` and a descriptor of the folder that it stands in, as functions of `os` take them. Raises ``OSError``.

    Without walls there is nobody to be kept from anything: then it is ``path`` itself, and no descriptor.
    """
    walls = jail.current()
    if walls is None:
        yield os.fspath(path), None
        return
    top = os.path.realpath(walls.open)
    named = PurePath(os.path.normpath(path))
    below = next((named.relative_to(each) for each in (walls.open, top) if named.is_relative_to(each)), None)
    if below is None or not below.parts:
        raise FileNotFoundError(f"{path} is no file of the service's")
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in below.parts[:-1]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = deeper
        yield below.name, folder
    finally:
        os.close(folder)


class GivenFile:
    """The file at ``path``, which nobody but the judge writes; each of its methods raises `Red` where somebody else did."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, content: bytes, at: float | None = None) -> None:
        """Writes it in place, whether it was there or not. ``at``: its times, in seconds since 1970, if they are to be others than now."""
        with self._ours() as (name, folder):
            self._write(name, folder, content, at)

    def replace(self, content: bytes, at: float | None = None) -> None:
        """Puts another file in its place, of the same name, which is there all the time."""
        with self._ours() as (name, folder):
            self._write(f"{name}.new", folder, content, at)
            os.replace(f"{name}.new", name, src_dir_fd=folder, dst_dir_fd=folder)

    def remove(self) -> None:
        """Takes it away."""
        with self._ours() as (name, folder):
            os.unlink(name, dir_fd=folder)

    def close(self) -> int:
        """Puts a named pipe in its place, from which nothing comes until `open`; returns its descriptor."""
        with self._ours() as (name, folder):
            os.mkfifo(f"{name}.pipe", dir_fd=folder)
            # Somebody who may yet write: so opening doesn't wait, and there is no end.
            pipe = os.open(f"{name}.pipe", os.O_RDWR | _AS_IT_IS, dir_fd=folder)
            os.replace(name, f"{name}.file", src_dir_fd=folder, dst_dir_fd=folder)
            os.replace(f"{name}.pipe", name, src_dir_fd=folder, dst_dir_fd=folder)
        return pipe

    def open(self, pipe: int) -> None:
        """Puts the file back; whoever reads the pipe comes to its end."""
        try:
            with self._ours() as (name, folder):
                os.replace(f"{name}.file", name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(pipe)

    @contextlib.contextmanager
    def _ours(self) -> Iterator[tuple[str, int | None]]:
        try:
            with folder_of(self.path) as place:
                yield place
        except (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            raise self._changed(error.strerror or str(error)) from None
        except OSError as error:
            if what := _IN_ITS_PLACE.get(error.errno or 0):
                raise self._changed(f"{what} stands in its place") from None
            raise

    def _changed(self, what: str) -> Red:
        return Red(f"The judge has written {self.path.name} for your code to read, and can't go on with it ({what}): your code has removed or "
                   "replaced that file, a folder above it, or one beside it. It is there to be read.")

    @staticmethod
    def _write(name: str, folder: int | None, content: bytes, at: float | None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _AS_IT_IS
        with open(os.open(name, flags, 0o666, dir_fd=folder), "wb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileExistsError("it is no file any more")
            file.write(content)
            file.flush()
            if at is not None:
                os.utime(file.fileno() if os.utime in os.supports_fd else name, (at, at))
