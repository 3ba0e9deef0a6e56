"""The container engine: how it is found, what is made of what it says, and that nothing stays behind."""

import contextlib
import io
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dojo import container
from dojo.container import LABEL, Engine, Entry, Layer, NoEngine, Step, Trap, flattened
from dojo.subject import Inconclusive, Red
from dojo.workspace import ROOT, SOLUTIONS, Workspace
from tests.judging import engine as engine_here
from tests.judging import engine_tests, judge

needs_engine = pytest.mark.skipif(not engine_here(), reason="there is no container engine here: .ci/container-engine up")


# -- which engine


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any."""
    monkeypatch.setenv(container.VARIABLE, str(tmp_path / "docker"))
    monkeypatch.delenv(container.REQUIRED, raising=False)


def program(file: Path, text: str) -> str:
    """A program that a shell runs."""
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_message_says_what_to_do() -> None:
    """It says what was tried, and names the ways to get one."""
    with pytest.raises(NoEngine) as caught:
        container.find()
    assert "not installed" in str(caught.value)
    assert ".ci/container-engine up" in str(caught.value)


@pytest.mark.parametrize(("says", "told"), [
    ("""echo '{"ServerVersion": "", "ServerErrors": ["Cannot connect to the Docker daemon"]}'""", "Cannot connect to the Docker daemon"),
    ("echo 'permission denied' >&2; exit 1", "permission denied"),
    ("echo nonsense", "no answer"),
])
def test_a_client_without_a_server_is_no_engine(says: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Docker's client alone is content and says something; an engine it isn't."""
    monkeypatch.setenv(container.VARIABLE, program(tmp_path / "docker", says))

    with pytest.raises(NoEngine, match=told):
        container.find()


@pytest.mark.parametrize(("says", "kind"), [('{"ServerVersion": "26.1.5"}', "docker"), ('{"host": {"arch": "amd64"}}', "podman")])
def test_what_answers_is_known_by_its_answer(says: str, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A podman may be called docker."""
    name = program(tmp_path / "docker", f"echo '{says}'")
    monkeypatch.setenv(container.VARIABLE, name)

    assert (name, kind) == container.find()


def test_a_program_that_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    """The engine of .ci/container-engine is found by its place, so the place has to be its maker's own."""
    (tmp_path / "state/bin").mkdir(parents=True)
    name = Path(program(tmp_path / "state/bin/docker", "true"))

    assert container._trusted(name)
    (tmp_path / "state").chmod(0o777)
    assert not container._trusted(name)
    assert not container._trusted(tmp_path / "elsewhere/bin/docker")


# -- without one


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_the_text_is_judged_and_the_rest_inconclusive() -> None:
    """A right answer isn't red, and isn't green either; each tier has its line."""
    verdict = judge(SOLUTIONS, ["5.1", "5.2"])

    assert {"5.1": "unclear", "5.2": "unclear"} == verdict.states
    assert ".ci/container-engine up" in verdict.messages["5.1"]
    lines = [" ".join(line.replace("✓", "+").replace("·", ".").split()) for line in verdict.shown.splitlines()]
    assert "static + 7 checks" in lines
    assert "behavior . not judged" in lines


@pytest.mark.usefixtures("no_engine")
def test_without_an_engine_a_wrong_text_is_red() -> None:
    """What the text says needs no engine."""
    verdict = judge(ROOT / "tests/answers/wrong/5_1_shell_form", ["5.1"])

    assert {"5.1": "red"} == verdict.states


@pytest.mark.usefixtures("no_engine")
def test_an_engine_that_is_required_and_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI nothing is left out unseen."""
    monkeypatch.setenv(container.REQUIRED, "1")

    verdict = judge(SOLUTIONS, ["5.1"])

    assert {"5.1": "broken"} == verdict.states
    assert "KATA_REQUIRE_ENGINE is set, and there is no container engine" in verdict.messages["5.1"]


def test_the_tests_that_take_an_engine_are_known_by_their_tier() -> None:
    """By which answers are judged by a session of their own."""
    found = engine_tests("5.1")

    assert {"test_it_builds", "test_it_answers_from_outside"} <= found
    assert "test_the_base_image_is_pinned" not in found
    assert not engine_tests("1.1")


# -- what is built


def test_a_context_holds_what_the_image_is_made_of(tmp_path: Path) -> None:
    """The workspace, the given files, and constraints of which some aren't the newest."""
    workspace = Workspace.at(SOLUTIONS).snapshot(tmp_path / "workspace")
    (workspace / "Dockerfile").write_text("# syntax=docker/dockerfile:1\nFROM scratch\n")
    (workspace / "app/main.py").chmod(0o666)  # as some umasks would have it

    made = container.context(workspace, tmp_path / "context", files=Trap().files)

    pins = (made / "constraints.txt").read_text().splitlines()
    assert {f"{name}=={version}" for name, version in container.OLDER.items()} <= set(pins)
    assert (ROOT / "constraints.txt").read_text().splitlines() != pins
    assert len((ROOT / "constraints.txt").read_text().splitlines()) == len(pins)
    assert 0o644 == (made / "app/main.py").stat().st_mode & 0o777
    assert "syntax=" not in (made / "Dockerfile").read_text()
    assert all((made / path).is_file() for path in ("app/main.py", "pyproject.toml", ".env", ".git/config", "tests/test_service.py"))


def test_versions_that_are_older_are_those_of_packages_that_the_service_has() -> None:
    """Else nobody would see who reads the constraints."""
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)

    assert all(pins[name] != version for name, version in container.OLDER.items())


def test_settings_for_pip_are_handed_over_when_they_mean_something_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An index is, with its password; a folder of this machine isn't."""
    (tmp_path / "pip.conf").write_text("[global]\nextra-index-url = file:///opt/index\ncert = /etc/ssl/cert.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:word@index.example/simple")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)

    assert "[global]\nindex-url = https://me:word@index.example/simple\n" == container.pip_settings()


def test_pip_is_asked_even_where_the_environment_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in one that uv made: then it is the pip of the Python that it was made from."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")

    assert "index-url = https://index.example/simple\n" in container.pip_settings()


# -- what the engine says

PROGRESS = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#5 [build 2/3] RUN pip install -r x
#5 CACHED

#6 [build 3/3] RUN pip install one
#6 0.512 Collecting one
#6 1.301   Downloading one-1.0-py3-none-any.whl (5 kB)
#6 2.000 Successfully installed one-1.0
#6 DONE 2.1s

#7 [stage-1 2/2] RUN false
#7 0.100 this went wrong
#7 ERROR: process "/bin/sh -c false" did not complete successfully: exit code: 1
------
 > [stage-1 2/2] RUN false:
------
ERROR: failed to solve: process "/bin/sh -c false" did not complete successfully: exit code: 1
"""


def test_steps_of_a_build() -> None:
    """Which came from the cache, what the others said, and which failed."""
    steps = container._steps(PROGRESS)[2:]

    assert [("RUN pip install -r x", True, False), ("RUN pip install one", False, False), ("RUN false", False, True)] == [
        (step.instruction, step.cached, step.failed) for step in steps]
    assert ["Collecting one", "  Downloading one-1.0-py3-none-any.whl (5 kB)", "Successfully installed one-1.0"] == steps[1].output


def test_a_step_that_failed_is_told_with_what_it_said() -> None:
    """The instruction and the last that it said."""
    error = container._did_not_build(container.Done(1, "", PROGRESS), container._steps(PROGRESS))

    assert isinstance(error, Red)
    assert "RUN false" in str(error)
    assert "this went wrong" in str(error)


@pytest.mark.parametrize("said", [
    "#3 ERROR: failed to do request: Head https://registry/v2/library/python: dial tcp: lookup registry: no such host",
    "#3 0.5 WARNING: Retrying after connection broken by 'NewConnectionError'\n#3 ERROR: exit code: 1",
    "#3 0.1 E: Temporary failure resolving 'mirror'\n#3 ERROR: exit code: 100",
])
def test_a_network_that_is_not_there_is_nobodys_mistake(said: str) -> None:
    """Then nobody can tell whether it would have built."""
    text = f"#3 [1/2] FROM python:3.12\n{said}\nERROR: failed to solve: x"

    assert isinstance(container._did_not_build(container.Done(1, "", text), container._steps(text)), Inconclusive)


@pytest.mark.parametrize("said", [
    "ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF",
    "ERROR: failed to solve: write /x: no space left on device",
    "ERROR: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
    'ERROR: failed to solve: process "/bin/sh -c pip install x" did not complete successfully: exit code: 137',
])
def test_an_engine_that_ends_or_has_no_room_is_nobodys_mistake(said: str) -> None:
    """Then nobody can tell either."""
    error = container._did_not_build(container.Done(1, "", said), [])

    assert isinstance(error, Inconclusive)
    assert "engine failed" in str(error)


def test_a_build_that_fails_before_any_step_is_told_by_its_error() -> None:
    """Such as a Dockerfile that can't be read."""
    error = container._did_not_build(container.Done(1, "", "ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: RAN"), [])

    assert isinstance(error, Red)
    assert "dockerfile parse error on line 3: unknown instruction: RAN" in str(error)


# -- what an image holds


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
    saved = container.Saved({"config": {"User": user}}, [*packed(tmp_path, {"etc/passwd": ""}), *packed(tmp_path, texts)], [])

    assert numbers == saved.user()
    assert "" == saved.text("etc/shadow")


def packed(folder: Path, texts: dict[str, str]) -> list[Layer]:
    """A layer with these files, as an engine saves it."""
    image = folder / f"{len(list(folder.iterdir()))}.tar"
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


def test_what_the_history_says_is_told_as_it_was_written() -> None:
    """Without what the engine put around it."""
    assert "RUN pip install x" == container._told("RUN |1 A=b /bin/sh -c pip install   x # buildkit")
    assert "COPY app app" == container._told("COPY app app # buildkit")
    assert 'CMD ["a"]' == container._told('/bin/sh -c #(nop)  CMD ["a"]')


# -- hadolint


def test_hadolint_says_where_and_what(tmp_path: Path) -> None:
    """Its findings, also those that a comment would have it ignore."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n# hadolint ignore=DL3020\nADD a b\n")

    found = container.hadolint(tmp_path / "Dockerfile")

    assert found is not None
    assert [("DL3020", "error", 3)] == [(each.code, each.level, each.line) for each in found]


# -- with an engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A context that builds in no time, and needs nothing from anywhere."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context/Dockerfile").write_text("FROM python:3.11-slim-bookworm\nUSER 10001\nCMD [\"sleep\", \"600\"]\n")
    return tmp_path / "context"


def left(label: str) -> list[str]:
    """What the engine has with a label: containers, images, networks, volumes."""
    found = []
    for kind in (["ps", "--all", "--quiet"], ["images", "--quiet"], ["network", "ls", "--quiet"], ["volume", "ls", "--quiet"]):
        done = subprocess.run([engine_here(), *kind, "--filter", f"label={label}"], capture_output=True, text=True, check=True)
        found += done.stdout.split()
    return found


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """An engine, closed in the end."""
    one = Engine(*container.find())
    try:
        yield one
    finally:
        one.close()


@needs_engine
@pytest.mark.timeout(600)
async def test_what_a_run_makes_is_gone_when_it_is_closed(folder: Path) -> None:
    """Containers that run, images, networks and volumes, and the temporary folder."""
    with engine() as one:
        built = await one.build(folder)
        running = await one.start(built.tag)
        await one.must("network", "create", "--label", one.label, f"{one.project}-net")
        await one.must("volume", "create", "--label", one.label, f"{one.project}-volume")
        await one.must("network", "create", "--label", f"com.docker.compose.project={one.project}-x", f"{one.project}-other")
        assert "running" == (await running.state())["Status"]
        assert len(left(one.label)) == 4
        label, project, temporary = one.label, one.project, one._folder

    assert [] == left(label)
    assert [] == left(f"com.docker.compose.project={project}-x")
    assert not temporary.exists()


@needs_engine
@pytest.mark.timeout(600)
def test_what_a_killed_judge_has_made_is_removed(folder: Path) -> None:
    """Also while it builds and starts."""
    code = ("import asyncio, sys; from pathlib import Path; from dojo import container\n"
            "async def main():\n"
            "    one = container.Engine(*container.find())\n"
            "    built = await one.build(Path(sys.argv[1]))\n"
            "    await one.start(built.tag)\n"
            "    print(one.label, flush=True)\n"
            "    await asyncio.gather(*(one.start(built.tag) for _ in range(3)))\n"
            "    await asyncio.sleep(600)\n"
            "asyncio.run(main())\n")
    judging = subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert judging.stdout is not None
    label = judging.stdout.readline().strip()
    assert label.startswith(LABEL)
    assert left(label)

    judging.send_signal(signal.SIGKILL)
    judging.wait()
    judging.stdout.close()

    until = time.monotonic() + 300
    while left(label) and time.monotonic() < until:
        time.sleep(0.2)
    assert [] == left(label)


@needs_engine
@pytest.mark.timeout(600)
async def test_what_is_sent_follows_dockerignore(folder: Path) -> None:
    """The engine's own reading of its patterns."""
    for path in ("a/b.txt", "a/c.pyc", ".env", "d.txt"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("x")
    (folder / ".dockerignore").write_text("*\n!a\n**/*.pyc\n")

    with engine() as one:
        assert {"a/b.txt"} == await one.sent(folder)


@needs_engine
@pytest.mark.timeout(600)
async def test_an_image_is_taken_apart(folder: Path) -> None:
    """Its settings, and the layers above its base with what they removed."""
    (folder / "Dockerfile").write_text("FROM python:3.11-slim-bookworm\nRUN echo text > /one && chown 5:6 /one && chmod 640 /one\n"
                                       "RUN rm /one && echo more > /two\nUSER 7:8\n")

    with engine() as one:
        saved = await one.save((await one.build(folder)).tag, "python:3.11-slim-bookworm")

        assert ["RUN echo text > /one && chown 5:6 /one && chmod 640 /one", "RUN rm /one && echo more > /two"] == [
            layer.instruction for layer in saved.above]
        assert {"one": b"text\n"} == dict(saved.above[0].reading())
    assert (7, {8}) == saved.user()
    assert [Entry("one", 5, 0o640, 5, 6, tarfile.REGTYPE)] == [each for each in saved.above[0].entries if each.path == "one"]
    assert "one" not in saved.files
    assert "two" in saved.files
    assert 10 == saved.added


@needs_engine
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("host", "heard", "message"), [
    ("127.0.0.1", ("loopback", 8000), "listens on port 8000 of 127.0.0.1 only"), ("0.0.0.0", ("all", 8000), ""),
])
async def test_where_a_container_listens(folder: Path, host: str, heard: tuple[str, int], message: str) -> None:
    """The loopback interface of a container is its own."""
    (folder / "Dockerfile").write_text(
        f'FROM python:3.11-slim-bookworm\nCMD ["python", "-m", "http.server", "8000", "--bind", "{host}"]\n')

    with engine() as one:
        running = await one.start((await one.build(folder)).tag)
        if message:
            with pytest.raises(Red, match=message):
                await running.serving()
        else:
            await running.serving("/")
        assert heard in await running.listening()
        await running.remove()


@needs_engine
@pytest.mark.timeout(600)
async def test_a_container_that_ends_says_how(folder: Path) -> None:
    """Its exit code and the last that it wrote."""
    (folder / "Dockerfile").write_text('FROM python:3.11-slim-bookworm\nCMD ["python", "-c", "raise SystemExit(\'no model here\')"]\n')

    with engine() as one:
        running = await one.start((await one.build(folder)).tag)
        with pytest.raises(Red, match=r"exit code 1 (?s:.*)no model here"):
            await running.serving()
        await running.remove()


@needs_engine
@pytest.mark.timeout(600)
async def test_a_container_that_ignores_the_signal_is_killed(folder: Path) -> None:
    """`sleep` as process 1 has no handler for SIGTERM: exit code 137."""
    with engine() as one:
        running = await one.start((await one.build(folder)).tag)
        assert 137 == await running.stop(grace=1)


@needs_engine
@pytest.mark.timeout(600)
async def test_a_command_that_hangs_is_inconclusive(folder: Path) -> None:
    """It ends with its patience limit, and the program with it."""
    with engine() as one:
        running = await one.start((await one.build(folder)).tag)
        with pytest.raises(Inconclusive):
            await one.run("wait", running.name, patience=0.2)


def test_a_step_has_its_name_without_its_place() -> None:
    """The engine counts the steps of each stage."""
    assert "RUN a [b]" == Step("[build 2/3] RUN a [b]").instruction
