"""Hostile submissions: none earns what it doesn't deserve, none harms the machine, none keeps the next one from being graded."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from dojo import formats, jail
from dojo.grade import Class, Policy
from dojo.reading import LONGEST_FILE, named_file
from dojo.workspace import ROOT, SOLUTIONS
from tests.attacks.corpus import (
    ATTACKS,
    BRINGS_ALONG,
    FILLS_THE_DISK,
    HOLE,
    LEADS_AWAY,
    LISTS_THE_ARGUMENTS,
    PREDICT,
    SAYS_WHOM_TO_END,
    SERVANTS,
    Attack,
    base,
)
from tests.walls import held

pytestmark = [pytest.mark.timeout(3600), pytest.mark.skipif(sys.platform != "linux", reason="there are no walls elsewhere")]

EXERCISES = ("1.1", "1.3", "1.5")
#: `DOJO_ATTACKS=landlock` tries the walls of that level.
LEVEL = os.environ.get("DOJO_ATTACKS", "")
SECRET = "a-secret-of-the-graders"


@pytest.fixture(scope="module")
def heard() -> Iterator[tuple[int, list[bytes]]]:
    """A port of the machine's at which somebody listens, and what was heard there, by TCP, UDP and a socket with a name."""
    heard: list[bytes] = []
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", port))
        named = stack.enter_context(socket.socket(socket.AF_UNIX))
        named.bind("\0serving-katas-attack")
        named.listen()

        def listen(line: socket.socket, stream: bool) -> None:
            with contextlib.suppress(OSError):
                while True:
                    heard.append(line.accept()[0].recv(100) if stream else line.recv(100))

        for line, stream in ((tcp, True), (udp, False), (named, True)):
            threading.Thread(target=listen, args=(line, stream), daemon=True).start()
        yield port, heard


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, heard: tuple[int, list[bytes]], request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """The results of all attacks that were chosen, and of honest submissions between them."""
    folder = tmp_path_factory.mktemp("attacks")
    canary = folder / "private" / "canary"
    canary.parent.mkdir(mode=0o700)
    canary.write_text(SECRET)
    walls = jail.named(LEVEL) if LEVEL else jail.strongest()
    # Signals don't reach out of a namespace of processes, nor of Landlock since its sixth version.
    chosen = [attack for attack in ATTACKS if not attack.dangerous or walls.level == "bubblewrap" or walls.landlock >= 6]
    only = {item.callspec.params["attack"].name for item in request.session.items if hasattr(item, "callspec") and "attack" in item.callspec.params}
    sources = []
    for attack in chosen:
        if attack.name in only:
            place = folder / attack.name
            place.mkdir()
            sources.append((attack.name, attack.build(place, {"@CANARY@": str(canary), "@PORT@": str(heard[0]), "@ROOT@": str(ROOT)})))
    sources.append(("honest", str(SOLUTIONS)))
    before = _foreign_processes()
    os.environ["SECRET_OF_THE_GRADER"] = SECRET
    try:
        with ThreadPoolExecutor(2) as pool:
            results = Class(folder / "out", Policy(EXERCISES, seed=7, level=LEVEL, patience=600)).grade(sources, pool, lambda result: None)
    finally:
        del os.environ["SECRET_OF_THE_GRADER"]
    told = {name: result for (name, _), result in zip(sources, results, strict=True)}
    told["*"] = {"canary": canary.is_file() and canary.read_text(), "left": sorted(_foreign_processes() - before), "folder": str(folder)}
    return told


def _foreign_processes() -> set[str]:
    """Those that grading in this process has started, and what attacks start."""
    found = set()
    for process in psutil.process_iter(["cmdline", "name"]):
        command = " ".join(process.info["cmdline"] or [])
        if any(sign in command for sign in (f"serving-katas-grade-{os.getpid()}-", "sleep 600")):
            found.add(f"{process.pid} {command[:200]}")
    return found


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_earns_nothing_that_it_does_not_deserve(attack: Attack, graded: dict[str, dict[str, Any]]) -> None:
    """Nothing but what it deserves; and 1.1 in any case, when nothing else was done than a submission may do."""
    if attack.name not in graded:
        pytest.skip("only behind walls that stop it")
    result = graded[attack.name]
    states = {test["id"]: test["state"] for test in result["tests"]}
    earned = {test["id"] for test in result["tests"] if test["points"]}

    assert earned <= set(attack.deserves), (states, result["message"])
    assert not (attack.is_judged and result["grader_error"]), result["grader_error"]
    assert ("1.1" in earned) >= attack.keeps_1_1, (states, result["message"], result["tests"][0]["message"])
    for name in formats.WRITERS:
        text = formats.WRITERS[name][1](result)
        assert SECRET not in text
        assert not any(sign in text for sign in ("\x1b", "\x07", "\u202e", "\u2066")), name


def test_an_honest_submission_beside_them_gets_everything(graded: dict[str, dict[str, Any]]) -> None:
    """What is graded in the midst of attacks is graded as ever."""
    result = graded["honest"]
    assert result["max_points"] == result["points"] == len(EXERCISES), result


def test_nothing_was_harmed(graded: dict[str, dict[str, Any]], heard: tuple[int, list[bytes]]) -> None:
    """Nothing was written, deleted, started or told that shouldn't be."""
    assert graded["*"]["canary"] == SECRET
    assert [] == graded["*"]["left"]
    assert not [*Path(graded["*"]["folder"]).rglob("owned"), *ROOT.glob("katas/**/written*"), *ROOT.glob("tests/attacks/written*")]
    if (jail.named(LEVEL) if LEVEL else jail.strongest()).network == "loopback":
        assert [] == heard[1]


def test_an_answer_that_reaches_is_withheld_and_can_be_trusted(tmp_path: Path) -> None:
    """A right answer that looks into the process it runs in is shown to a person, who may say that it's fine."""
    attack = next(attack for attack in ATTACKS if attack.name == "an_honest_answer_that_reaches")
    source = attack.build(tmp_path / "it", {}) if (tmp_path / "it").mkdir() is None else ""

    with ThreadPoolExecutor(1) as pool:
        held, = Class(tmp_path / "one", Policy(("1.3",), seed=1, level=LEVEL)).grade([("it", source)], pool, lambda result: None)
        trusted, = Class(tmp_path / "two", Policy(("1.3",), seed=1, level=LEVEL, trust=True)).grade([("it", source)], pool, lambda result: None)

    assert ("withheld", 0) == (held["tests"][0]["state"], held["points"])
    assert "predict.py:3: uses .get_objects" in held["tests"][0]["message"]
    assert 1 == trusted["points"], trusted


def test_what_is_falsified_from_within_is_seen_from_outside(tmp_path: Path) -> None:
    """A program that changes what the probe tells passes the kata; the exam sees that requests don't wait together."""
    attack = next(attack for attack in ATTACKS if attack.name == "falsifies_what_was_seen")
    (tmp_path / "it").mkdir()
    source = attack.build(tmp_path / "it", {})

    with ThreadPoolExecutor(1) as pool:
        trusted, = Class(tmp_path / "out", Policy(("1.3", "1.5"), seed=1, level=LEVEL, trust=True)).grade([("it", source)], pool, lambda result: None)

    assert ["green", "unclear"] == [test["state"] for test in trusted["tests"]], trusted
    assert "test_predictions_wait_together_seen_from_outside" == trusted["tests"][1]["test"]
    assert 1 == trusted["points"]


def test_the_judge_s_servers_do_nothing_for_it(tmp_path: Path) -> None:
    """What a learner's code may ask of the database and the cache, which stand outside of its walls, starts no program and writes no file."""
    base(tmp_path / "it")
    for name, code in SERVANTS.items():
        file = tmp_path / "it" / "app" / "routers" / f"{name}.py"
        file.write_text(code + file.read_text(encoding="utf-8"), encoding="utf-8")

    with ThreadPoolExecutor(1) as pool:
        told, = Class(tmp_path / "out", Policy(("A", "E"), seed=1, level=LEVEL)).grade([("it", str(tmp_path / "it"))], pool, lambda result: None)

    assert ["red", "red"] == [test["state"] for test in told["tests"]], told
    assert "permission denied to COPY" in told["tests"][0]["message"]
    assert "unknown command" in told["tests"][1]["message"]


@pytest.mark.parametrize("level", jail.LEVELS)
def test_the_seed_is_no_argument_of_anybody(level: str, tmp_path: Path) -> None:
    """Whoever sees /proc reads the arguments of all processes, and would know what the judge is going to draw."""
    held(level)
    base(tmp_path / "it")
    (tmp_path / "it" / PREDICT).write_text(LISTS_THE_ARGUMENTS + HOLE, encoding="utf-8")

    policy = Policy(("1.3",), seed=918273645, level=level)
    with ThreadPoolExecutor(1) as pool:
        told, = Class(tmp_path / "out", policy).grade([("it", str(tmp_path / "it"))], pool, lambda result: None)

    assert "are read" in told["tests"][0]["message"], told
    assert "918273645" not in told["tests"][0]["message"]


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
def test_the_judge_does_nothing_for_it_elsewhere(level: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the judge writes, reads and whom it ends, hosts may tell it: it does so within the walls alone."""
    walls = held(level)
    if level == "landlock" and walls.landlock < 6:
        pytest.skip("signals don't reach out of Landlock since its sixth version")
    folder = tmp_path_factory.mktemp("elsewhere")
    # Not below /tmp: a root's judge has its servers' folders there.
    private = Path(tempfile.mkdtemp(prefix="serving-katas-elsewhere-", dir=Path.home()))
    canary = private / "canary"
    canary.write_text(SECRET)
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        shutil.copytree(SOLUTIONS / "app", folder / "it" / "app")
        config, run = folder / "it/app/routers/config.py", folder / "it/app/loadtest/run.py"
        for file, text in ((config, config.read_text(encoding="utf-8") + LEADS_AWAY), (run, SAYS_WHOM_TO_END)):
            file.write_text(text.replace("@CANARY@", str(canary)).replace("@PID@", str(victim.pid)), encoding="utf-8")
        with ThreadPoolExecutor(1) as pool:
            sources = [("it", str(folder / "it"))]
            told, = Class(folder / "out", Policy(("D", "3.3"), seed=1, level=level)).grade(sources, pool, lambda result: None)
        assert 0 == told["points"]
        assert SECRET not in formats.results(told)
        assert SECRET == canary.read_text()
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()
        shutil.rmtree(private)


@pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
def test_a_file_of_the_judge_s_is_not_brought_to_a_host(level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host puts a link in the place of a file that the judge is about to put aside: what the judge may read, and the host not, stays there."""
    held(level)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = jail.prepared_cache(tmp_path / "serving-katas" / "grade", level) / "kept"
    kept.write_text(SECRET)
    kept.chmod(0o644)
    base(tmp_path / "it")
    config = tmp_path / "it/app/routers/config.py"
    canary = "/tmp/cache/kept" if level == "bubblewrap" else str(kept)
    config.write_text(config.read_text(encoding="utf-8") + BRINGS_ALONG.replace("@CANARY@", canary), encoding="utf-8")

    with ThreadPoolExecutor(1) as pool:
        told, = Class(tmp_path / "out", Policy(("D",), seed=1, level=level)).grade([("it", str(tmp_path / "it"))], pool, lambda result: None)

    assert SECRET not in formats.results(told)
    assert SECRET == kept.read_text()


@pytest.mark.parametrize("level", ["bubblewrap", "landlock", "limits"])
def test_who_fills_the_disk_gets_no_credit_for_what_is_inconclusive(level: str, tmp_path: Path) -> None:
    """Whether the machine had room to judge it is nobody's to decide but the machine's; and what isn't filled is judged on."""
    held(level)
    base(tmp_path / "it")
    main = tmp_path / "it/app/main.py"
    main.write_text(FILLS_THE_DISK + main.read_text(encoding="utf-8"), encoding="utf-8")

    policy = Policy(("1.1", "1.2", "D"), seed=1, level=level, credit_inconclusive=True)
    with ThreadPoolExecutor(1) as pool:
        told, = Class(tmp_path / "out", policy).grade([("it", str(tmp_path / "it"))], pool, lambda result: None)

    assert ["green", "red"] == [test["state"] for test in told["tests"] if test["id"] in ("1.2", "D")], told
    assert "unclear" not in {test["state"] for test in told["tests"]}, told
    said = [*told["submission"]["remarks"], *(test["message"] or "" for test in told["tests"])]
    assert any("Your code has written" in each or "It used more than 1024 MB of files" in each for each in said), told
    assert not told["grader_error"]


def test_there_are_enough_attacks() -> None:
    """At least forty."""
    assert len(ATTACKS) >= 40


def test_a_file_that_a_host_names_is_one_that_it_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No link is followed, no pipe is waited for, and nothing that has no end is read to it."""
    folder = tmp_path / "open"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "mine").write_bytes(b"mine")
    (tmp_path / "private").write_text(SECRET)
    (folder / "link").symlink_to(tmp_path / "private")
    (folder / "away").symlink_to(tmp_path)
    (folder / "endless").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    (folder / "long").touch()
    os.truncate(folder / "long", 1 << 36)
    (tmp_path / "other").symlink_to(folder)
    monkeypatch.setattr(jail, "current", lambda: jail.Jail("bubblewrap", open=str(tmp_path / "other")))

    for place in (folder, tmp_path / "other"):
        assert b"mine" == named_file(place / "deep" / "mine")
        for name in ("link", "away/private", "endless", "pipe", "deep", "nothing", "../private", "deep/../../private", "."):
            with pytest.raises(OSError):  # noqa: PT011  # of several kinds
                named_file(place / name)
        assert len(named_file(place / "long")) <= LONGEST_FILE
    for path in (tmp_path / "private", Path("/etc/passwd"), Path("mine"), Path("/")):
        with pytest.raises(FileNotFoundError):
            named_file(path)


def test_a_home_is_not_seen_behind_the_outer_wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge needs nothing of it but what it runs, which may lie there."""
    home = Path("/home/somebody")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setattr(Path, "is_dir", lambda self: True)
    monkeypatch.setattr(jail, "ROOT", home / "katas")

    command = jail._outer_bubble(["true"])

    assert "--tmpfs" == command[command.index(str(home)) - 1]
    assert command.index(str(home)) < command.index(str(home / "katas"))
    assert "--ro-bind" == command[command.index(str(home / "katas")) - 1]
