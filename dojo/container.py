"""A container engine, driven by its command line: docker, or podman as far as it goes.

`find` finds one; an `Engine` builds images, takes them apart and runs containers. All that it makes carries a
label with the run's own number, and is removed at the end by a guard process (``guard.py``), also after a
``kill -9`` of the judge. What stays is the engine's own cache of build steps, which makes the next run quick.

Run as ``python -m dojo.container`` it builds the image of the workspace and says how large its layers are.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx

from dojo import guard
from dojo.dockerfile import Dockerfile, without_syntax
from dojo.evidence import Picture, cut
from dojo.subject import Inconclusive, Red
from dojo.workspace import ROOT, SOLUTIONS, NotAWorkspace, Workspace

#: The variable that names the engine's program, when it is neither on PATH nor the one of `.ci/container-engine`.
VARIABLE = "KATA_ENGINE"
#: With this variable set it is an error when there is no engine: in CI nothing may be left out unseen.
REQUIRED = "KATA_REQUIRE_ENGINE"
#: The engine that `.ci/container-engine up` starts.
OWN = Path(os.environ.get("KATA_ENGINE_STATE", "/var/lib/serving-katas-engine")) / "bin/docker"

#: The label of all that is made here; its value is the run's own number.
LABEL = "serving-katas.run"
#: The port on which the service listens in its container.
PORT = 8000

#: Patience limits, in seconds; they only end a hang.
FIND_PATIENCE = 20.0
COMMAND_PATIENCE = 120.0
BUILD_PATIENCE = 900.0
START_PATIENCE = 120.0

#: Where images are taken apart if it has that much room, in bytes: several at a time, of some hundred MB each.
MEMORY, ROOM = Path("/dev/shm"), 6 << 30

#: What stands beside ``app/`` in the repository and may be needed to build the image.
GIVEN = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE")
#: Versions that the constraints of a judged build ask for in the place of the newest ones: who doesn't look there gets others.
OLDER = {"idna": "3.10", "certifi": "2025.1.31"}

#: Stands in the secret of a build, so that it can be looked for. Always the same, as a step may come from the cache of another run.
MARK = "serving-katas: this secret of a build has no place in an image"

#: What of a machine's settings for pip a build may need, to reach an index.
_PIP = ("index-url", "extra-index-url", "trusted-host", "cert", "proxy")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_NETWORK = re.compile(r"dial tcp|no such host|i/o timeout|TLS handshake|connection refused|Temporary failure|NewConnectionError|"
                      r"ConnectTimeout|Could not resolve|network is unreachable|Network is unreachable|dns error|error sending request", re.I)
#: What an engine says that ended, or has no room: nobody's Dockerfile is to blame.
_TROUBLE = re.compile(r"code = (?:Unavailable|Canceled|ResourceExhausted)|Cannot connect to the Docker daemon|error during connect|"
                      r"error reading from server|transport is closing|no space left on device|cannot allocate memory|exit code: 137|"
                      r"context canceled", re.I)


class NoEngine(Exception):
    """There is no container engine here; the text says what was tried and what to do."""


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    status: int
    out: str
    err: str


@dataclass
class Step:
    """A step of a build, as the engine told of it."""

    name: str
    cached: bool = False
    failed: bool = False
    output: list[str] = field(default_factory=list)

    @property
    def instruction(self) -> str:
        """The instruction, without the place in its stage that the engine puts before it."""
        return re.sub(r"^\[[^]]*\] ", "", self.name)


@dataclass
class Built:
    """An image that was built: its tag, and the steps that it took."""

    tag: str
    steps: list[Step]


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


# -- which engine


def find() -> tuple[str, str]:
    """The program of an engine that answers, and its kind, docker or podman; raises `NoEngine`."""
    chosen = os.environ.get(VARIABLE)
    candidates = [chosen] if chosen else ["docker", "podman", *([str(OWN)] if _trusted(OWN) else [])]
    tried = []
    for candidate in candidates:
        name = Path(candidate).name
        program = shutil.which(candidate)
        if program is None:
            tried.append(f"{name}: not installed")
            continue
        try:
            done = subprocess.run([program, "info", "--format", "{{json .}}"], capture_output=True, text=True, timeout=FIND_PATIENCE, check=False,
                                  stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as error:
            tried.append(f"{name}: {error}")
            continue
        # Docker's client says what it knows of itself, and is content, also when there is no server.
        answered = _json(done.stdout)
        if done.returncode == 0 and isinstance(answered, dict) and (answered.get("ServerVersion") or answered.get("host")):
            return program, "podman" if answered.get("host") else "docker"
        said = (done.stderr.strip() or "; ".join((answered or {}).get("ServerErrors") or ()) or "no answer").splitlines()[0]
        tried.append(f"{name}: {said}")
    told = "\n".join(f"    {cut(line, 72)}" for line in tried)
    raise NoEngine(f"there is no container engine. Tried:\n{told}\n"
                   "Without one only the text of your files is judged. Install Docker or podman and start it; "
                   "on Debian, as root, this makes one that changes nothing else of the machine:\n    .ci/container-engine up")


def _trusted(program: Path) -> bool:
    """Whether the program is root's, or this user's, and nobody else may write it."""
    with contextlib.suppress(OSError):
        looked_at = [each.stat() for each in (program, program.parent, program.parent.parent)]
        return all(each.st_uid in (0, os.geteuid()) and not each.st_mode & 0o022 for each in looked_at)
    return False


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


# -- what is built


def context(workspace: Path, target: Path, *, older: bool = True, files: Mapping[str, str] | None = None) -> Path:
    """Makes the folder ``target`` what an engine is sent: the ``workspace``, the given files, and ``files`` by their paths.

    ``older``: the constraints ask for versions that are not the newest, so that it shows who follows them.
    """
    shutil.copytree(workspace, target, dirs_exist_ok=True)
    for name in GIVEN:
        if (ROOT / name).is_file():
            shutil.copy2(ROOT / name, target / name)
    if older:
        pins = (target / "constraints.txt").read_text(encoding="utf-8")
        for name, version in OLDER.items():
            pins = re.sub(rf"^{name}==.*$", f"{name}=={version}", pins, flags=re.M)
        (target / "constraints.txt").write_text(pins, encoding="utf-8")
    for path, text in (files or {}).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8")
    for each in target.rglob("*"):  # as git would have them for anybody: a umask must not decide who may write in the image
        each.chmod(0o755 if each.is_dir() or each.stat().st_mode & 0o100 else 0o644)
    dockerfile = target / "Dockerfile"
    if dockerfile.is_file():  # an engine without a registry can't fetch the reader that a syntax line names
        dockerfile.write_text(without_syntax(dockerfile.read_text(encoding="utf-8", errors="replace")), encoding="utf-8")
    return target


def _pip_config() -> str:
    """What `pip config list` says, by the first pip that there is: an environment that uv made has none of its own."""
    for python in (sys.executable, getattr(sys, "_base_executable", None), shutil.which("python3")):
        if python:
            done = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
            if done.returncode == 0:
                return done.stdout
    return ""


def pip_settings() -> str:
    """This machine's settings for pip that a build needs to reach an index, as a pip.conf; empty when there are none.

    They may hold a password, so they are handed over as a secret of the build.
    """
    found: dict[str, str] = {}
    for line in _pip_config().splitlines():
        name, _, value = line.partition("=")
        option, value = name.rpartition(".")[2], value.strip("'\"")
        # An index in a folder of this machine's, and a file of certificates, are not there in a container.
        if option in _PIP and "file:" not in value and not value.startswith("/"):
            found[option] = value.replace("\\n", "\n    ")
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in found.items()) if found else ""


# -- the engine


class Engine:
    """One run's work with an engine; `close` removes all that it made."""

    def __init__(self, program: str, kind: str) -> None:
        self.program = program
        self.kind = kind
        self.run_id = secrets.token_hex(6)
        self.label = f"{LABEL}={self.run_id}"
        #: Names of Compose projects that begin so are removed as well.
        self.project = f"serving-katas-{self.run_id}"
        self._folder = Path(tempfile.mkdtemp(prefix="serving-katas-container-", dir=_scratch()))
        self._guard = subprocess.Popen([sys.executable, "-I", str(Path(guard.__file__))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self._tell_guard("undo", engine=program, label=self.label, project=self.project, folder=str(self._folder))
        self._images: dict[str, asyncio.Task[Image]] = {}
        self._number = 0

    @property
    def shown(self) -> str:
        """How a learner calls its program: by its name where that leads to it."""
        name = Path(self.program).name
        return name if shutil.which(name) == self.program else self.program

    def _tell_guard(self, do: str, **what: Any) -> None:
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        self._guard.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self._guard.stdin.flush()
        self._guard.stdout.readline()

    def close(self) -> None:
        """Lets the guard remove all that this run has made, and waits for it."""
        assert self._guard.stdin is not None
        assert self._guard.stdout is not None
        with contextlib.suppress(OSError):
            self._guard.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(COMMAND_PATIENCE)
        self._guard.stdout.close()

    def folder(self, name: str) -> Path:
        """A path in a temporary folder of the run's own, where nothing is yet."""
        self._number += 1
        return self._folder / f"{self._number}-{name}"

    async def run(self, *arguments: str | Path, patience: float = COMMAND_PATIENCE, env: Mapping[str, str] | None = None,
                  cwd: Path | None = None) -> Done:
        """What came of a command; raises `Inconclusive` when it hasn't ended within the patience limit."""
        process = await asyncio.create_subprocess_exec(
            self.program, *map(str, arguments), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain", "NO_COLOR": "1", "DOCKER_CLI_HINTS": "false", **(env or {})},
            cwd=cwd, start_new_session=True, preexec_fn=partial(guard.end_with_the_parent, signal.SIGKILL) if os.name == "posix" else None)
        try:
            out, err = await asyncio.wait_for(process.communicate(), patience)
        except TimeoutError:
            raise Inconclusive(f"`{Path(self.program).name} {arguments[0]}` did not end in {patience:g} s: the machine is too busy, or the engine "
                               "hangs.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Done(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))

    async def must(self, *arguments: str | Path, patience: float = COMMAND_PATIENCE) -> str:
        """What a command printed that has to succeed; raises `Inconclusive` with what the engine said when it doesn't."""
        done = await self.run(*arguments, patience=patience)
        if done.status:
            command = cut(" ".join([Path(self.program).name, *map(str, arguments)]), 200)
            raise Inconclusive(f"the container engine failed at `{command}`:\n{_last(done.err)}")
        return done.out.strip()

    async def build(self, folder: Path, *, dockerfile: Path | None = None, target: str = "", arguments: Sequence[str] = (), keep: str = "") -> Built:
        """Builds an image of the context ``folder``; ``keep`` is the tag of one that stays after the run.

        Raises `Red` with the step that failed, `Inconclusive` when the network did.
        """
        self._number += 1
        tag = keep or f"serving-katas/{self.run_id}:{self._number}"
        command: list[str | Path] = ["build", "--tag", tag, *(() if keep else ("--label", self.label)), *arguments]
        if self.kind == "podman":
            command += ["--format", "docker"]  # the other format has no health check
        else:
            command += ["--progress", "plain"]
        if dockerfile:
            command += ["--file", dockerfile]
        if target:
            command += ["--target", target]
        for name in _PROXIES:
            if name in os.environ:
                command += ["--build-arg", name]
        secret = self._folder / "pip.conf"
        secret.write_text(f"# {MARK}\n{await asyncio.to_thread(pip_settings)}", encoding="utf-8")
        command += ["--secret", f"id=pip,src={secret}"]
        done = await self.run(*command, folder, patience=BUILD_PATIENCE)
        steps = _steps(done.err + "\n" + done.out)
        if done.status:
            raise _did_not_build(done, steps)
        return Built(tag, steps)

    async def image(self, workspace: Path) -> "Image":
        """The image of a workspace, in a context with things in it that have no place in an image; built once in a run."""
        key = str(workspace)
        if key not in self._images:
            self._images[key] = asyncio.create_task(self._image(workspace))
        return await asyncio.shield(self._images[key])

    async def _image(self, workspace: Path) -> "Image":
        trap = Trap()
        folder = await asyncio.to_thread(context, workspace, self.folder("context"), files=trap.files)
        return Image(self, trap, folder, await self.build(folder))

    async def sent(self, folder: Path) -> set[str]:
        """The files of the context ``folder`` that the engine is sent: those that .dockerignore doesn't leave out."""
        everything, listing = self.folder("Dockerfile"), self.folder("sent.tar")
        everything.write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
        done = await self.run("build", "--output", f"type=tar,dest={listing}", "--file", everything, folder, patience=BUILD_PATIENCE)
        if done.status:
            raise Inconclusive(f"the container engine could not show what it is sent:\n{_last(done.err)}")
        with tarfile.open(listing) as archive:
            return {member.name.removeprefix("./") for member in archive if not member.isdir()}

    async def save(self, tag: str, base: str = "scratch") -> Saved:
        """The image ``tag`` taken apart; ``base`` is the one that it is built on."""
        below: list[str] = []
        if base != "scratch":
            only_base = self.folder("Dockerfile")
            only_base.write_text(f"FROM {base}\n", encoding="utf-8")
            empty = self.folder("empty")
            empty.mkdir()
            built = await self.build(empty, dockerfile=only_base)
            below = json.loads(await self.must("image", "inspect", "--format", "{{json .RootFS.Layers}}", built.tag))
        file = self.folder("image.tar")
        await self.must("save", "--output", file, tag, patience=BUILD_PATIENCE)
        saved = await asyncio.to_thread(_taken_apart, file)
        if below != [layer.digest for layer in saved.layers[:len(below)]]:
            raise Inconclusive(f"{base} is another image than it was when yours was built, a moment ago")
        saved.above = saved.layers[len(below):]
        return saved

    async def start(self, tag: str, *flags: str, port: int = PORT, command: Sequence[str] = ()) -> "Container":
        """A container of the image, with its ``port`` published on a free one of 127.0.0.1."""
        name = f"serving-katas-{self.run_id}-{secrets.token_hex(4)}"
        done = await self.run("run", "--detach", "--name", name, "--label", self.label, "--publish", f"127.0.0.1::{port}", *flags, tag, *command)
        container = Container(self, name, port)
        if done.status:
            said = _last(done.err)
            await container.remove()
            # The end of a long line says what it is about; anything else is the engine's own trouble.
            if about := re.search(r"\bexec: .*|crun: .*|executable file .* not found.*", done.err):
                raise Red(f"The container can't start. The engine said:\n    {cut(about[0], 200)}\n"
                          "Is the program of CMD or ENTRYPOINT in the image, on its PATH, and may the user run it?")
            raise Inconclusive(f"the container engine could not start the container:\n{said}")
        return container


class Trap:
    """What lies in a context and has no place in an image: secrets, history, caches, tests."""

    def __init__(self) -> None:
        #: A password that is drawn anew for each run, so that it can be looked for.
        self.secret = secrets.token_hex(16)
        #: A folder of the code that nobody could have known by its name; one of a few, so that the engine's cache knows it.
        word = secrets.choice(("audit", "batch", "pricing", "search"))
        #: What has to stay out, under the names by which a learner knows it; each with a file of it.
        self.places = {
            ".git": ".git/config", ".env": ".env", ".venv": ".venv/pyvenv.cfg", ".nox": ".nox/katas/pyvenv.cfg",
            "__pycache__": "__pycache__/noxfile.cpython-311.pyc", "app/__pycache__": "app/__pycache__/main.cpython-311.pyc",
            "app/routers/__pycache__": "app/routers/__pycache__/predict.cpython-311.pyc",
            f"app/{word}/__pycache__": f"app/{word}/__pycache__/one.cpython-311.pyc",
            ".pytest_cache": ".pytest_cache/README.md", ".mypy_cache": ".mypy_cache/CACHEDIR.TAG", ".ruff_cache": ".ruff_cache/CACHEDIR.TAG",
            "tests": "tests/test_service.py",
        }
        texts = {".env": f"DATABASE_URL=postgresql://katas:{self.secret}@db:5432/katas\n",
                 ".git/config": f"[remote \"origin\"]\n\turl = https://katas:{self.secret}@example.com/katas.git\n"}
        self.files = {path: texts.get(path, "left over\n") for path in self.places.values()}


@dataclass
class Image:
    """The learner's image, and the context that it was built from."""

    engine: Engine
    trap: Trap
    folder: Path
    built: Built
    _saved: Saved | None = None

    @property
    def tag(self) -> str:
        """How the engine calls it."""
        return self.built.tag

    @cached_property
    def dockerfile(self) -> Dockerfile:
        """The Dockerfile that it was built from."""
        return Dockerfile.read((self.folder / "Dockerfile").read_text(encoding="utf-8", errors="replace"))

    async def saved(self) -> Saved:
        """The image taken apart; once in a run, as that takes a second."""
        if self._saved is None:
            self._saved = await self.engine.save(self.tag, self.dockerfile.base)
        return self._saved


class Container:
    """A container that was started."""

    def __init__(self, engine: Engine, name: str, port: int) -> None:
        self.engine = engine
        self.name = name
        self.port = port
        self._clients: list[httpx.AsyncClient] = []

    async def inspect(self) -> dict[str, Any]:
        """What the engine knows of it."""
        return dict(json.loads(await self.engine.must("inspect", "--type", "container", self.name))[0])

    async def state(self) -> dict[str, Any]:
        """Its state: Status, ExitCode, Health and more."""
        return dict((await self.inspect())["State"])

    async def logs(self) -> str:
        """What it has written, both to stdout and to stderr."""
        done = await self.engine.run("logs", self.name)
        return done.out + done.err

    async def address(self) -> str:
        """Where its port is published: ``127.0.0.1:49153``."""
        return (await self.engine.must("port", self.name, f"{self.port}/tcp")).splitlines()[0]

    async def read(self, *paths: str) -> str:
        """What stands in files of its processes and its network, such as /proc/1/status, also when it has no program to show them."""
        done = await self.engine.run("exec", "--user", "0", self.name, "cat", *paths)
        if done.status:  # it has no `cat`; another container looks into it
            beside = ("--rm", "--pid", f"container:{self.name}", "--network", f"container:{self.name}", "--label", self.engine.label)
            done = await self.engine.run("run", *beside, "--entrypoint", "cat", "python:3.11-slim-bookworm", *paths)
        return done.out

    async def listening(self) -> set[tuple[str, int]]:
        """The addresses and ports on which something in it listens; an address is ``loopback`` or ``all``, or what the kernel says."""
        found = set()
        for line in (await self.read("/proc/1/net/tcp", "/proc/1/net/tcp6")).splitlines():
            words = line.split()
            if len(words) > 3 and words[3] == "0A":
                address, _, port = words[1].partition(":")
                loopback = (len(address) == 8 and address.endswith("7F")) or address == "0" * 24 + "01000000"
                # The last four bytes of ::ffff:127.0.0.1
                loopback = loopback or (address.startswith("0" * 16 + "FFFF0000") and address.endswith("7F"))
                found.add(("loopback" if loopback else "all" if not address.strip("0") else address, int(port, 16)))
        return found

    async def serving(self, path: str = "/health") -> httpx.AsyncClient:
        """A client of its published port, once it answers at all; raises `Red` with what stands against it when it never does.

        The client is closed when the container is removed.
        """
        try:
            client = httpx.AsyncClient(base_url=f"http://{await self.address()}", trust_env=False, timeout=10)
        except Inconclusive:  # a container that has ended publishes nothing any more
            if (await self.state())["Status"] == "running":
                raise
            raise await self._ended() from None
        self._clients.append(client)
        until, looked, elsewhere = time.monotonic() + START_PATIENCE, 0, 0
        while True:
            with contextlib.suppress(httpx.TransportError):
                await client.get(path)
                return client
            await asyncio.sleep(0.05)
            looked += 1
            if looked % 8:  # each look takes CPU time from a service that is about to start
                continue
            if (await self.state())["Status"] != "running":
                raise await self._ended()
            heard = await self.listening() if looked % 16 == 0 else set()
            if {address for address, port in heard if port == self.port} == {"loopback"}:
                raise Red(f"In the container the service listens on port {self.port} of 127.0.0.1 only: nobody outside reaches it, though the port "
                          "is published. A container has a loopback interface of its own, and what comes from outside comes through another one.")
            others = sorted(port for address, port in heard if address != "loopback" and port < 32768 and port != self.port)
            if heard:
                elsewhere = elsewhere + 1 if others and not any(port == self.port for _, port in heard) else 0
            if elsewhere > 3:  # else it may be about to
                raise Red(f"In the container something listens on port {others[0]}, nothing on port {self.port}, which is the one that is published.")
            if time.monotonic() > until:
                raise Red(f"The container runs, and nothing answered on port {self.port} within {START_PATIENCE:g} s, the patience limit. "
                          f"It wrote:\n{self._quoted(await self.logs())}")

    async def _ended(self) -> Red:
        code = (await self.state())["ExitCode"]
        return Red(f"The container ended with exit code {code} before it answered. It wrote:\n{self._quoted(await self.logs())}")

    @staticmethod
    def _quoted(text: str, lines: int = 8) -> str:
        return _last(text, lines)

    async def stop(self, grace: int = 60) -> int:
        """Sends it the signal to stop, and after ``grace`` seconds kills it; its exit code, which then is 137."""
        await self.engine.must("stop", "--time", str(grace), self.name, patience=grace + COMMAND_PATIENCE)
        return int((await self.state())["ExitCode"])

    async def remove(self) -> None:
        """Ends and removes it, and closes its clients."""
        for client in self._clients:
            await client.aclose()
        await self.engine.run("rm", "--force", "--volumes", self.name)


def _scratch() -> Path | None:
    """The folder for images that are taken apart: in memory where there is room; None for the system's own for temporary files."""
    if "TMPDIR" not in os.environ:
        with contextlib.suppress(AttributeError, OSError):  # no such folder; a platform without statvfs
            room = os.statvfs(MEMORY)
            if room.f_bavail * room.f_frsize >= ROOM and os.access(MEMORY, os.W_OK):
                return MEMORY
    return None


# -- what the engine says


def _last(text: str, lines: int = 8) -> Picture:
    """The end of what a program said, as lines that aren't wrapped."""
    return Picture("\n".join(f"    {cut(line.rstrip(), 72)}" for line in text.strip().splitlines()[-lines:]))


def _steps(said: str) -> list[Step]:
    """The steps of a build, from the engine's plain progress."""
    steps: dict[str, Step] = {}
    for line in said.splitlines():
        match = re.match(r"#(\d+) (.*)", line)
        if not match:
            continue
        number, text = match.groups()
        if number not in steps:
            steps[number] = Step(text)
        elif text == "CACHED":
            steps[number].cached = True
        elif text.startswith("ERROR"):
            steps[number].failed = True
        elif spoken := re.match(r"\d+\.\d+ (.*)", text):
            steps[number].output.append(spoken[1].rpartition("\r")[2])
    return list(steps.values())


def _did_not_build(done: Done, steps: Sequence[Step]) -> Exception:
    """What to raise when a build has failed."""
    failed = next((step for step in steps if step.failed), None)
    errors = [line for line in done.err.splitlines() if line.startswith("ERROR") or " ERROR: " in line]
    everything = "\n".join([*(failed.output if failed else ()), *errors])
    if _NETWORK.search(everything):
        return Inconclusive(f"the build needs something that this machine can't reach:\n{_last(everything, 4)}")
    if _TROUBLE.search("\n".join([*errors, done.err.strip().rpartition("\n")[2]])):
        return Inconclusive(f"the container engine failed while it built:\n{_last(everything or done.err, 4)}")
    if failed and failed.output:
        return Red(f"The image doesn't build. This step failed:\n    {cut(failed.instruction, 72)}\nIt said:\n{_last(chr(10).join(failed.output))}")
    said = re.sub(r"^ERROR: failed to solve: ", "", errors[-1] if errors else done.err.strip().splitlines()[-1] if done.err.strip() else "nothing")
    at = f" This step failed:\n    {cut(failed.instruction, 72)}\nThe engine said:" if failed else " The engine said:"
    return Red(f"The image doesn't build.{at}\n    {cut(said, 300)}")


# -- what an image holds


@contextlib.contextmanager
def _opened(image: Path, blob: str) -> Iterator[tarfile.TarFile]:
    """A layer of a saved image, read where it lies: unpacking it would take seconds."""
    with tarfile.open(image) as whole, tarfile.open(fileobj=whole.extractfile(blob)) as layer:
        yield layer


def _taken_apart(file: Path) -> Saved:
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


# -- hadolint


@dataclass(frozen=True)
class Finding:
    """What hadolint says of a line."""

    code: str
    level: str
    line: int
    message: str


def hadolint(dockerfile: Path) -> list[Finding] | None:
    """What hadolint finds in a Dockerfile; None when it isn't installed."""
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.is_file() else shutil.which("hadolint")
    if program is None:
        return None
    # What it would read from the folder or from the user's home is none of the verdict's.
    done = subprocess.run([program, "--config", os.devnull, "--format", "json", "--no-fail", "--disable-ignore-pragma", str(dockerfile)],
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    found = _json(done.stdout)
    if not isinstance(found, list):
        raise Inconclusive(f"hadolint failed:\n{_last(done.stderr)}")
    return [Finding(each["code"], each["level"], int(each["line"]), each["message"]) for each in found]


# -- nox -s image


def megabytes(size: float) -> str:
    """A size as people say it."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


async def _show(workspace: Path, tag: str) -> None:
    """Builds the image of a workspace and prints what its layers take."""
    engine = Engine(*await asyncio.to_thread(find))
    try:
        folder = workspace if workspace == ROOT else await asyncio.to_thread(context, workspace, engine.folder("context"), older=False)
        began = time.perf_counter()
        before = (await engine.run("image", "inspect", "--format", "{{.Id}}", tag)).out.strip()
        built = await engine.build(folder, keep=tag)
        if before and before != await engine.must("image", "inspect", "--format", "{{.Id}}", tag):
            await engine.run("image", "rm", before)  # it would stay without a name; one that is in use does
        took = time.perf_counter() - began
        read = Dockerfile.read((folder / "Dockerfile").read_text(encoding="utf-8"))
        saved = await engine.save(built.tag, read.base)
        below = saved.layers[: len(saved.layers) - len(saved.above)]
        cached = sum(step.cached for step in built.steps)
        print(f"{tag}: built in {took:.1f} s, {cached} steps from the cache\n")
        print(f"  {megabytes(sum(layer.size for layer in below)):>9}  {read.base}")
        for layer in saved.above:
            print(f"  {megabytes(layer.size):>9}  {cut(layer.instruction, 66)}")
        whole = megabytes(sum(layer.size for layer in saved.layers))
        print(f"  {'─' * 9}\n  {whole:>9}  all of it, {megabytes(saved.added)} of which the Dockerfile adds\n")
        print(f"Run it: {engine.shown} run --rm --publish 127.0.0.1:{PORT}:{PORT} {tag}")
    finally:
        await asyncio.to_thread(engine.close)


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds the workspace's image."""
    parser = argparse.ArgumentParser(prog="nox -s image --", description="Builds the image of your Dockerfile, and says what each layer takes.")
    parser.add_argument("--workspace", default=".", help="the tree to build (default: this repository's root)")
    parser.add_argument("--tag", default="serving-katas", help="the image's name (default: serving-katas)")
    asked = parser.parse_args(arguments)
    try:
        workspace = Workspace.at(ROOT if asked.workspace == "." else asked.workspace)
        path = workspace.path
        with tempfile.TemporaryDirectory(prefix="serving-katas-") as folder:
            if workspace.base == SOLUTIONS:
                path = workspace.snapshot(Path(folder) / "workspace")
            asyncio.run(_show(path, asked.tag))
    except (NoEngine, NotAWorkspace, Red, Inconclusive) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
