"""A container engine, driven by its command line: docker, or podman as far as it goes.

`find` finds one; an `Engine` builds images and saves them. All that is made in it carries a label with the run's
own number, and is removed at the end by a guard process (``guard.py``), also after a ``kill -9`` of the judge.
What stays is the engine's own cache of build steps, which makes the next run quick.
"""

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from dojo import guard
from dojo.context import pip_settings
from dojo.evidence import cut, last_lines
from dojo.layers import Saved, taken_apart
from dojo.subject import Inconclusive, Red

#: The variable that names the engine's program, when it is neither on PATH nor the one of `.ci/container-engine`.
VARIABLE = "KATA_ENGINE"
#: With this variable set it is an error when there is no engine: in CI nothing may be left out unseen.
REQUIRED = "KATA_REQUIRE_ENGINE"
#: The engine that `.ci/container-engine up` starts.
OWN = Path(os.environ.get("KATA_ENGINE_STATE", "/var/lib/serving-katas-engine")) / "bin/docker"

#: The label of all that is made here; its value is the run's own number.
LABEL = "serving-katas.run"

#: Patience limits, in seconds; they only end a hang.
FIND_PATIENCE = 20.0
COMMAND_PATIENCE = 120.0
BUILD_PATIENCE = 900.0

#: Where images are taken apart if it has that much room, in bytes: several at a time, of some hundred MB each.
MEMORY, ROOM = Path("/dev/shm"), 6 << 30

#: Stands in the secret of a build, so that it can be looked for. Always the same, as a step may come from the cache of another run.
MARK = "serving-katas: this secret of a build has no place in an image"

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
            raise Inconclusive(f"the container engine failed at `{command}`:\n{last_lines(done.err)}")
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

    async def sent(self, folder: Path) -> set[str]:
        """The files of the context ``folder`` that the engine is sent: those that .dockerignore doesn't leave out."""
        everything, listing = self.folder("Dockerfile"), self.folder("sent.tar")
        everything.write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
        done = await self.run("build", "--output", f"type=tar,dest={listing}", "--file", everything, folder, patience=BUILD_PATIENCE)
        if done.status:
            raise Inconclusive(f"the container engine could not show what it is sent:\n{last_lines(done.err)}")
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
        saved = await asyncio.to_thread(taken_apart, file)
        if below != [layer.digest for layer in saved.layers[:len(below)]]:
            raise Inconclusive(f"{base} is another image than it was when yours was built, a moment ago")
        saved.above = saved.layers[len(below):]
        return saved


def _scratch() -> Path | None:
    """The folder for images that are taken apart: in memory where there is room; None for the system's own for temporary files."""
    if "TMPDIR" not in os.environ:
        with contextlib.suppress(AttributeError, OSError):  # no such folder; a platform without statvfs
            room = os.statvfs(MEMORY)
            if room.f_bavail * room.f_frsize >= ROOM and os.access(MEMORY, os.W_OK):
                return MEMORY
    return None


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
        return Inconclusive(f"the build needs something that this machine can't reach:\n{last_lines(everything, 4)}")
    if _TROUBLE.search("\n".join([*errors, done.err.strip().rpartition("\n")[2]])):
        return Inconclusive(f"the container engine failed while it built:\n{last_lines(everything or done.err, 4)}")
    if failed and failed.output:
        wrote = last_lines("\n".join(failed.output))
        return Red(f"The image doesn't build. This step failed:\n    {cut(failed.instruction, 72)}\nIt said:\n{wrote}")
    said = re.sub(r"^ERROR: failed to solve: ", "", errors[-1] if errors else done.err.strip().splitlines()[-1] if done.err.strip() else "nothing")
    at = f" This step failed:\n    {cut(failed.instruction, 72)}\nThe engine said:" if failed else " The engine said:"
    return Red(f"The image doesn't build.{at}\n    {cut(said, 300)}")
