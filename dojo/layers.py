"""An image taken apart: its settings, its layers, and the files in them.

An engine saves an image as a tar file of tar files, one for each layer. They are read where they lie: unpacking them takes seconds.
"""

import contextlib
import json
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """A file of a layer; ``kind`` is the type that tar gives it."""

    path: str
    size: int
    mode: int
    user: int
    group: int
    kind: bytes

    def writable(self, user: int, groups: Iterable[int]) -> bool:
        """Whether a user may write it."""
        if self.kind == tarfile.SYMTYPE:
            return False
        if self.user == user:
            return bool(self.mode & 0o200)
        return bool(self.mode & (0o020 if self.group in groups else 0o002))


@dataclass
class Layer:
    """A layer: the instruction that made it, and its files."""

    digest: str
    instruction: str
    entries: list[Entry]
    #: Where it stands: in this file of an image, under that name.
    image: Path
    blob: str

    @property
    def size(self) -> int:
        """What its files take, in bytes."""
        return sum(entry.size for entry in self.entries)

    def packed(self) -> int:
        """What it takes on its way from a registry, in bytes: gzip-compressed, as registries keep it. Takes a second for 30 MB."""
        packer, size = zlib.compressobj(wbits=31), 0
        with tarfile.open(self.image) as whole:
            blob = whole.extractfile(self.blob)
            while blob and (piece := blob.read(1 << 20)):
                size += len(packer.compress(piece))
        return size + len(packer.flush())

    def reading(self) -> Iterator[tuple[str, bytes]]:
        """Its files with their contents."""
        with _opened(self.image, self.blob) as archive:
            for member in archive:
                if member.isfile():
                    file = archive.extractfile(member)
                    yield member.name, file.read() if file else b""


@dataclass
class Saved:
    """An image taken apart; ``above`` are the layers that it has on top of its base image."""

    config: dict[str, Any]
    layers: list[Layer]
    above: list[Layer]

    @cached_property
    def files(self) -> dict[str, Entry]:
        """What a container of it finds: the files of all layers, without those that a later layer removed."""
        return flattened(self.layers)

    @property
    def settings(self) -> dict[str, Any]:
        """How containers of it run: User, Cmd, Entrypoint, Env, Healthcheck and more."""
        return dict(self.config.get("config") or {})

    @property
    def variables(self) -> dict[str, str]:
        """The environment that it sets."""
        return dict(pair.partition("=")[::2] for pair in self.settings.get("Env") or [])

    @property
    def added(self) -> int:
        """How many bytes it has on top of its base image."""
        return sum(layer.size for layer in self.above)

    def user(self) -> tuple[int, set[int]]:
        """Number and groups of the user that it runs as; raises ``ValueError`` when that is a name.

        As the engine finds them: a group that is named beside the user is the only one, else /etc/passwd and /etc/group of the image say which.
        """
        name, _, group = str(self.settings.get("User") or "0").partition(":")
        number = int(name)
        if group.isdigit():
            return number, {int(group)}
        groups = [line.split(":") for line in self.text("etc/group").splitlines() if re.fullmatch(r"[^:]+:[^:]*:\d+:[^:]*", line)]
        if group:
            return number, {int(each[2]) for each in groups if each[0] == group}
        accounts = [line.split(":") for line in self.text("etc/passwd").splitlines() if re.match(rf"[^:]+:[^:]*:{number}:\d+:", line)]
        if not accounts:
            return number, {0}
        return number, {int(accounts[0][3]), *(int(each[2]) for each in groups if accounts[0][0] in each[3].split(","))}

    def text(self, path: str) -> str:
        """What stands in a file, as a container finds it; empty when there is none."""
        layer = next((layer for layer in reversed(self.layers) if any(entry.path == path for entry in layer.entries)), None)
        if layer is None or path not in self.files:
            return ""
        with _opened(layer.image, layer.blob) as archive:
            file = next((archive.extractfile(member) for member in archive if member.isfile() and member.name.removeprefix("./") == path), None)
            return file.read().decode(errors="replace") if file else ""


def flattened(layers: Sequence[Layer]) -> dict[str, Entry]:
    """The files that are seen through ``layers``, the last of which is on top."""
    seen: dict[str, Entry] = {}
    for layer in layers:
        for entry in layer.entries:
            folder, _, name = entry.path.rpartition("/")
            if name == ".wh..wh..opq":  # the folder hides what lay there before
                seen = {path: each for path, each in seen.items() if not path.startswith(f"{folder}/")}
            elif name.startswith(".wh."):
                gone = f"{folder}/{name[4:]}".lstrip("/")
                seen = {path: each for path, each in seen.items() if path != gone and not path.startswith(f"{gone}/")}
        for entry in layer.entries:
            if not entry.path.rpartition("/")[2].startswith(".wh."):
                seen[entry.path] = entry
    return seen


@contextlib.contextmanager
def _opened(image: Path, blob: str) -> Iterator[tarfile.TarFile]:
    """A layer of a saved image, read where it lies: unpacking it would take seconds."""
    with tarfile.open(image) as whole, tarfile.open(fileobj=whole.extractfile(blob)) as layer:
        yield layer


def taken_apart(file: Path) -> Saved:
    """The image that an engine has saved in a ``file``; all of its layers count as its own."""
    with tarfile.open(file) as archive:
        def read(name: str) -> Any:
            found = archive.extractfile(name)
            assert found is not None
            return json.load(found)

        manifest = read("manifest.json")[0]
        config = read(manifest["Config"])
    made = [str(each.get("created_by", "")) for each in config.get("history", ()) if not each.get("empty_layer")]
    digests = config["rootfs"]["diff_ids"]
    made += [""] * (len(digests) - len(made))
    layers = []
    for digest, instruction, name in zip(digests, made, manifest["Layers"], strict=False):
        with _opened(file, name) as archive:
            entries = [Entry(member.name.removeprefix("./").rstrip("/"), member.size if member.isfile() else 0, member.mode, member.uid, member.gid,
                             member.type) for member in archive]
        layers.append(Layer(digest, _told(instruction), entries, file, name))
    return Saved(config, layers, layers)


def _told(instruction: str) -> str:
    """An instruction as history has it, without what the engine put around it."""
    text = re.sub(r"^RUN (\|\d+ .*?)?/bin/sh -c ", "RUN ", instruction.removesuffix("# buildkit").strip())
    return " ".join(re.sub(r"^/bin/sh -c #\(nop\)\s*", "", text).split())
