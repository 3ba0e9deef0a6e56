"""The commands of a learner's day: next, list, hint, reset, compare, progress, doctor, and their nox sessions' names."""

import ast
import asyncio
import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dojo import catalog, doctor, stubs
from dojo.cli import main, parser
from dojo.progress import TRACKER, Notebook, tracker
from dojo.results import Result
from dojo.stubs import NoStub, shipped
from dojo.workspace import ROOT, SOLUTIONS, Workspace
from tests.learner import ANSWER, fresh, health, solve
from tests.screen import PATIENCE, Screen, gone


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A fresh workspace."""
    return fresh(tmp_path / "mine")


@pytest.fixture
def notebook(workspace: Path) -> Notebook:
    """Its notebook, in which nothing stands."""
    return Notebook(Workspace.at(workspace))


def came(notebook: Notebook, quick: bool = False, **states: str) -> None:
    """Notes a run: ``came(notebook, _1_1="green", A="red")``."""
    notebook.record([Result(catalog.exercise(name.lstrip("_")), state) for name, state in states.items()], quick=quick)


def dojo(workspace: Path, command: str, *arguments: str) -> int:
    """Runs a command in this process."""
    return main([command, "--workspace", str(workspace), *arguments])


# -- next


def test_next_leads_a_fresh_clone_to_the_first_hole(workspace: Path) -> None:
    """The bench is judged, then 1.1, which is red: its task, its file, what its failure shows."""
    done = subprocess.run([sys.executable, "-m", "dojo.cli", "next", "--workspace", str(workspace)], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONUTF8": "1"}, encoding="utf-8", timeout=100, stdin=subprocess.DEVNULL)

    assert 0 == done.returncode, done.stderr
    parts = ["✓ 0.1  A working bench", "✗ 1.1  A health endpoint", "app/main.py", "Goal. A load balancer asks each copy", "What its failure shows:",
             "Expected: GET /health answers 200", "NotImplementedError: 1.1", "Edit app/main.py, then look again: nox -s next"]
    places = [done.stdout.find(part) for part in parts]
    assert -1 not in places, done.stdout
    assert sorted(places) == places, done.stdout
    assert "\x1b" not in done.stdout
    assert [] == [line for line in done.stdout.splitlines() if len(line) > 80]


def test_next_begins_where_the_history_ends(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """What was green isn't judged again; what has been solved meanwhile is passed on the way."""
    came(notebook, **{"0.1": "green"})
    health(workspace)

    assert 0 == dojo(workspace, "next")

    shown = capsys.readouterr().out
    assert "0.1" not in shown
    assert "✓ 1.1  A health endpoint" in shown
    assert "✗ 1.2  Request and response models" in shown


def test_next_passes_what_this_machine_cannot_judge(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    """An inconclusive exercise stops nobody, and is named in the end."""
    from dojo import learn

    every = catalog.exercises()
    came(notebook, **{each.id: "green" for each in every[:-1]})

    async def unclear(judge: object, exercise: catalog.Exercise) -> Result:
        result = Result(exercise, "unclear", message="Inconclusive: no engine here")
        notebook.record([result])
        return result

    monkeypatch.setattr(learn, "judged", unclear)
    assert 0 == dojo(workspace, "next")

    shown = capsys.readouterr().out
    assert f"? {every[-1].id}  " in shown
    assert "Inconclusive: no engine here" in shown
    assert f"Nothing is red any more. This machine could not judge {every[-1].id}." in shown


def test_next_shows_in_a_terminal_how_far_it_is(workspace: Path) -> None:
    """While an exercise is judged a line says so, and it is gone afterwards; Ctrl-C leaves nothing running."""
    health(workspace, "while True: pass")
    screen = Screen("next", "--workspace", workspace)
    try:
        screen.shows("✓ 0.1", "judging 1.1 · test 1 of")
        processes = screen.family()
        screen.press("\x03")
        assert 130 == screen.ends()
        assert "Interrupted: nothing is left running." in screen.text
        assert [] == gone(processes)
    finally:
        screen.close()


# -- all of them, as somebody sees them who types them


@pytest.mark.parametrize(("command", "status", "words"), [
    (("next",), 0, ("✗ 1.1  A health endpoint", "app/main.py")),
    (("list",), 0, ("Phase 1 · Foundation", "A health endpoint", "exercises are green")),
    (("hint", "1.1"), 0, ("1.1  A health endpoint", "The next one: nox -s hint -- 1.1")),
    (("reset", "1.2"), 0, ("app/schemas.py is as shipped again.", "Yours is kept in")),
    (("doctor",), None, ("a save is noticed in this folder", "free")),
    (("progress",), 0, ("Sync and async mastery", "exercise-tracker.md is written")),
    (("report",), 0, ("report.html",)),
])
def test_each_command_in_a_terminal(command: tuple[str, ...], status: int | None, words: tuple[str, ...], workspace: Path) -> None:
    """It shows what it is for within 80 columns, comes to its end by itself, and gives the terminal back."""
    solve(workspace, "1.2")
    screen = Screen(*command, "--workspace", workspace, columns=80, lines=100)
    try:
        ended = screen.ends()
        shown = screen.text
        whole = "".join(shown.split())  # where a line ends hangs on how long the workspace's path is
        assert all("".join(word.split()) in whole for word in words), shown
        assert status in (None, ended), shown
        assert not screen.written.count(b"\x1b[?25l") > screen.written.count(b"\x1b[?25h")  # the cursor is back
    finally:
        screen.close()


# -- list


def test_list_shows_every_exercise_with_its_state_and_points(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the curriculum; the sums come last."""
    came(notebook, **{"0.1": "green", "1.1": "green", "1.2": "red", "A": "unclear", "2.5": "part"})

    assert 0 == dojo(workspace, "list")

    shown = capsys.readouterr().out
    told = re.findall(r"^  [✓✗?!~·] (\S+) ", shown, re.M)
    assert [each.id for each in catalog.exercises()] == told
    for line in (r"✓ 0\.1 +A working bench +·$", r"✓ 1\.1 +A health endpoint +1/1$", r"✗ 1\.2 +Request and response models +0/1  red$",
                 r"\? A +Database lookup, blocking driver +0/1  inconclusive$", r"~ 2\.5 +Percentiles +0/1  judged in part$",
                 r"· 1\.3 +A predict endpoint +0/1  not judged yet$"):
        assert re.search(line, shown, re.M), (line, shown)
    points = sum(each.points for each in catalog.exercises())
    assert f"2 of {len(catalog.exercises())} exercises are green, 1 of {points} points" == shown.splitlines()[-1]


# -- hint


def test_hints_come_one_by_one_and_then_where_to_read(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One more each time, however the id is written; a number asks for one of them."""
    exercise = catalog.exercise("2.5")

    shown = []
    for name in ("2.5", "2_5", "2.5", "2.5", "2.5"):
        assert 0 == dojo(workspace, "hint", name)
        shown.append(capsys.readouterr().out)

    for number, text in enumerate(shown[:3], 1):
        assert f"2.5  Percentiles   ·   hint {number} of 3" in text
        words = re.findall(r"\w+", exercise.hints[number - 1])[:5]
        assert words == re.findall(r"\w+", text.partition("\n\n")[2])[:5]
        assert [] == [line for line in text.splitlines() if len(line) > 80]
    assert "The next one: nox -s hint -- 2.5" in shown[0]
    assert "That was the last one. Read on in docs/Exercises/phase-2-observability.md#25" in shown[2]
    assert shown[3] == shown[4]
    assert "all 3 hints were shown" in shown[3]
    for number in (1, 2):
        assert 0 == dojo(workspace, "hint", "2.5", str(number))
        # Without its number the next one would be one that was never shown, and there is none.
        assert shown[number - 1].replace("nox -s hint -- 2.5", f"nox -s hint -- 2.5 {number + 1}") == capsys.readouterr().out


def test_a_hint_for_nothing_is_for_the_first_that_is_open(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever just asks for a hint gets one."""
    came(notebook, **{"0.1": "green", "1.1": "green", "1.2": "red"})

    assert 0 == dojo(workspace, "hint")

    assert "1.2  Request and response models   ·   hint 1 of 3" in capsys.readouterr().out


@pytest.mark.parametrize(("written", "meant"), [("1.5", "1.5"), ("1_5", "1.5"), ("a", "A"), ("A", "A"), (" h ", "H"), ("0_1", "0.1")])
def test_an_id_may_be_written_in_more_than_one_way(written: str, meant: str) -> None:
    """As in a kata's name, and letters in both cases."""
    assert meant == catalog.exercise(written).id


def test_an_unknown_id_is_told_with_those_there_are(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, and as a wrong use."""
    assert 2 == dojo(workspace, "hint", "9.9")

    assert re.match(r"dojo: there is no exercise 9\.9; there are 0\.1, 1\.1 to 1\.7, A to H, ", capsys.readouterr().err)


@pytest.mark.parametrize(("command", "said"), [
    (("hint", "1.1", "1.2"), "hints are asked for one exercise at a time, by 1, 2 or 3, and '1.2' is none of them"),
    (("reset", "1.1", "1.2"), "usage: dojo reset [-h] [--workspace PATH] exercise\ndojo reset: error: unrecognized arguments: 1.2"),
    (("serve", "--port", "99999"), "a port is a number up to 65535, and '99999' is none"),
    (("serve", "--port", "80x"), "a port is a number up to 65535, and '80x' is none"),
])
def test_a_wrong_argument_is_told_in_words(command: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And with how this command is used, not all of them."""
    with pytest.raises(SystemExit) as caught:
        main(list(command))

    assert 2 == caught.value.code
    assert said in capsys.readouterr().err


def test_whoever_reads_may_stop_reading() -> None:
    """As `head` does when it has enough: that is no error, and nothing is said."""
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as nobody:
        done = subprocess.run([sys.executable, "-m", "dojo.cli", "list"], cwd=ROOT, stdout=nobody, stderr=subprocess.PIPE, check=False,
                              timeout=PATIENCE)

    assert (0, b"") == (done.returncode, done.stderr)


# -- reset


def test_reset_never_loses_a_line(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each time the learner's file is kept in a folder of its own, as it was to the byte; the way back is told, and works."""
    came(Notebook(Workspace.at(workspace)), **{"1.3": "green"})
    file = workspace / "app/routers/predict.py"
    written = [b"an hour of work\n", b"\xff\xfe not even text", b"", b"an hour of work\n"]

    kept = []
    for content in written:
        file.write_bytes(content)
        assert 0 == dojo(workspace, "reset", "1_3")
        shown = capsys.readouterr().out
        assert shipped("app/routers/predict.py") == file.read_bytes()
        assert "app/routers/predict.py is as shipped again." in shown
        assert "Put back with it: 1.5, in the same file." in shown
        way_back = re.search(r"^  (cp \.dojo/kept/1\.3-\S+/app/routers/predict\.py app/routers/predict\.py)$", shown, re.M)
        assert way_back is not None, shown
        kept.append(workspace / way_back[1].split()[1])
        subprocess.run(way_back[1].split(), cwd=workspace, check=True)
        assert content == file.read_bytes()

    assert "1.3" not in Notebook(Workspace.at(workspace)).states()
    assert len(written) == len(set(kept))
    assert written == [each.read_bytes() for each in kept]


def test_reset_of_what_is_as_shipped_does_nothing(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to keep, and nothing is kept."""
    assert 0 == dojo(workspace, "reset", "1.1")

    assert "app/main.py is as shipped; nothing was changed." in capsys.readouterr().out
    assert not (workspace / ".dojo").exists()


def test_reset_brings_back_a_file_that_is_gone(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one whose folder is gone."""
    shutil.rmtree(workspace / "app/routers")

    assert 0 == dojo(workspace, "reset", "C")

    assert shipped("app/routers/hashing.py") == (workspace / "app/routers/hashing.py").read_bytes()
    assert "kept" not in capsys.readouterr().out


def test_reset_of_a_link_keeps_the_link(workspace: Path, tmp_path: Path) -> None:
    """What a link leads to is left alone."""
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("mine", encoding="utf-8")
    (workspace / "app/main.py").unlink()
    (workspace / "app/main.py").symlink_to(elsewhere)

    assert 0 == dojo(workspace, "reset", "1.1")

    assert "mine" == elsewhere.read_text(encoding="utf-8")
    assert shipped("app/main.py") == (workspace / "app/main.py").read_bytes()
    assert not (workspace / "app/main.py").is_symlink()


def test_reset_stops_before_it_touches_anything(workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the shipped stub can't be read, or the learner's file can't be kept, nothing changes."""
    (workspace / "app/main.py").write_text("mine", encoding="utf-8")
    (workspace / ".dojo").mkdir()
    (workspace / ".dojo/kept").write_text("in the way", encoding="utf-8")

    assert 2 == dojo(workspace, "reset", "1.1")
    assert "mine" == (workspace / "app/main.py").read_text(encoding="utf-8")

    monkeypatch.setattr(stubs, "ROOT", workspace)  # no clone
    assert 2 == dojo(workspace, "reset", "1.1")
    assert "mine" == (workspace / "app/main.py").read_text(encoding="utf-8")
    assert "dojo: the shipped app/main.py is read from git, and can't be: " in capsys.readouterr().err


def test_the_shipped_stub_stays_when_a_learner_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A learner's own commits change the files, and not what reset puts back."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    (clone / "app/main.py").write_text("committed by a learner", encoding="utf-8")
    subprocess.run(["git", "-c", "user.name=L", "-c", "user.email=l@example.com", "commit", "--quiet", "--all", "-m", "mine"], cwd=clone, check=True)
    monkeypatch.setattr(stubs, "ROOT", clone)

    assert b'NotImplementedError("1.1: ' in shipped("app/main.py")


# -- compare


def test_compare_of_a_green_exercise_needs_no_question(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """The difference leads from the learner's file to the solution."""
    came(notebook, **{"1.1": "green"})
    health(workspace, 'return {"status": "heal" + "thy"}')

    assert 0 == dojo(workspace, "compare", "1.1")

    shown = capsys.readouterr().out
    assert '-        return {"status": "heal" + "thy"}\n' in shown
    assert f"+        {ANSWER}\n" in shown


def test_compare_passes_over_the_way_lines_end(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that an editor has saved as Windows does is not different in every line."""
    came(notebook, **{"1.2": "green"})
    (workspace / "app/schemas.py").write_bytes((SOLUTIONS / "app/schemas.py").read_bytes().replace(b"\n", b"\r\n"))

    assert 0 == dojo(workspace, "compare", "1.2")

    assert "app/schemas.py is the same as in solutions/.\n" == capsys.readouterr().out


def test_compare_shows_what_a_file_holds_and_carries_nothing_out(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """A terminal's commands in a learner's file are shown as Python would write them."""
    came(notebook, **{"1.1": "green"})
    health(workspace, f'{ANSWER}  # \x1b[2J\x9b5C')

    assert 0 == dojo(workspace, "compare", "1.1")

    assert rf"-        {ANSWER}  # \x1b[2J\x9b5C" in capsys.readouterr().out


@pytest.mark.parametrize("state", ["red", "part", "unclear", "broken", None])
def test_compare_shows_no_answer_before_it_was_asked_to(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str],
                                                        monkeypatch: pytest.MonkeyPatch, state: str | None) -> None:
    """Without a terminal it is refused, and --yes is named; with it, the answer is shown."""
    if state:
        came(notebook, **{"1.2": state})
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))  # a pipe is nobody who has read the question

    assert 2 == dojo(workspace, "compare", "1.2")
    shown = capsys.readouterr()
    assert "" == shown.out
    assert "Say --yes to see the answer all the same." in shown.err
    assert 0 == dojo(workspace, "compare", "1.2", "--yes")
    assert "+++ solutions/app/schemas.py" in capsys.readouterr().out


def test_compare_asks_again_when_the_hole_is_back(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str],
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """A green exercise whose stub was checked out is one to be solved again, whatever the history says; so is one in the same file."""
    came(notebook, **{"1.1": "green", "1.2": "green", "2.7": "green"})
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))

    assert 2 == dojo(workspace, "compare", "1.2")
    assert "1.2 is not judged yet." in capsys.readouterr().err
    solve(workspace, "1.2")
    assert 0 == dojo(workspace, "compare", "1.2")
    capsys.readouterr()
    health(workspace, ANSWER)
    (workspace / "app/main.py").write_text((workspace / "app/main.py").read_text().replace("TODO 2.7", 'NotImplementedError("2.7: ").  TODO 2.7'))
    assert 0 == dojo(workspace, "compare", "1.1")
    assert "Left out: what would answer 2.7" in capsys.readouterr().out


def test_compare_asks_in_a_terminal(workspace: Path) -> None:
    """Anything but a y is a no, and so is Ctrl-D."""
    for typed, status in (("\n", 1), ("no\n", 1), ("\x04", 1), ("y\n", 0)):
        screen = Screen("compare", "1.2", "--workspace", workspace, columns=160)
        try:
            screen.shows("1.2 is not judged yet. See the answer all the same? [y/N]")
            assert b"solutions/" not in screen.written
            screen.press(typed)
            assert status == screen.ends()
            assert (status == 0) == (b"+++ solutions/app/schemas.py" in screen.written)
            assert (status != 0) == ("The answer was not shown." in screen.text)
            assert (status == 0) == (b"\x1b[32m+" in screen.written)  # in color
        finally:
            screen.close()


def test_compare_leaves_out_what_answers_another_exercise(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a file holds two exercises, the one that isn't green stays unanswered, until it is green or all is asked for."""
    came(notebook, **{"1.1": "green", "2.4": "green"})
    health(workspace)
    solve(workspace, "2.4")

    assert 0 == dojo(workspace, "compare", "1.1")
    shown = capsys.readouterr().out
    assert "TimingMiddleware" not in shown
    assert "Left out: what would answer 2.7, in the same file. All of it: nox -s compare -- 1.1 --whole" in shown
    assert 0 == dojo(workspace, "compare", "1.1", "--whole")
    assert "TimingMiddleware" in capsys.readouterr().out

    came(notebook, **{"2.7": "green"})
    assert 0 == dojo(workspace, "compare", "1.1")
    shown = capsys.readouterr().out
    assert "TimingMiddleware" in shown
    assert "Left out" not in shown


@pytest.mark.parametrize("exercise", [e for e in catalog.exercises() if e.edit], ids=lambda e: e.id)
def test_compare_never_tells_of_an_exercise_that_shares_the_file(exercise: catalog.Exercise, tmp_path: Path) -> None:
    """With only this one green, no line is shown that stands in the place of another one's hole."""
    workspace = Workspace.at(fresh(tmp_path / "mine"))

    for comparison in stubs.compare(workspace, exercise, {exercise.id: "green"}):
        others = [e.id for e in catalog.exercises() if comparison.file in e.edit and e != exercise]
        assert others == comparison.held_back
        gone_lines = [line for line in comparison.lines if line.startswith("-") and not line.startswith("---")]
        assert not [line for line in gone_lines for other in others if f"TODO {other}" in line or f'"{other}: ' in line], comparison.lines


# -- history, progress


def test_the_history_only_grows_and_outlives_damage(notebook: Notebook) -> None:
    """A line a run; one that was cut short spoils neither those before it nor those after."""
    came(notebook, **{"1.1": "red"})
    history = notebook.folder / "history.jsonl"
    first = history.read_bytes()
    with open(history, "ab") as file:
        file.write(b'{"when": "2026-01-01T00:00:00+00:00", "exercises": {"1.1": {"sta')
    came(notebook, **{"1.1": "green", "1.2": "red"})

    assert history.read_bytes().startswith(first)
    assert {"1.1": "green", "1.2": "red"} == notebook.states()
    assert 2 == notebook.runs()


def test_a_part_takes_nothing_back(notebook: Notebook) -> None:
    """A run with --quick, or of some tests only, leaves a green exercise green; a red one makes it red."""
    came(notebook, **{"3.5": "green"})
    came(notebook, quick=True, **{"3.5": "part", "3.6": "part"})
    assert {"3.5": "green", "3.6": "part"} == notebook.states()

    came(notebook, **{"3.5": "red"})
    assert "red" == notebook.states()["3.5"]


def test_what_was_seen_last_is_kept(notebook: Notebook) -> None:
    """With its message, for whoever wants to show it later; for an exercise that is no more there is nothing."""
    notebook.record([Result(catalog.exercise("1.1"), "red", "test_it", "An answer.", "There was none.", ["a note"], 0.25)])

    latest = notebook.latest("1.1")

    assert latest is not None
    assert ("red", "test_it", "An answer.", "There was none.", ["a note"], 0.25) == (
        latest.state, latest.test, latest.expected, latest.message, latest.notes, latest.seconds)
    assert notebook.latest("1.2") is None


def test_what_cannot_be_encoded_is_kept_all_the_same(notebook: Notebook) -> None:
    """A line of the learner's may hold half of a surrogate pair, and the run is noted nevertheless."""
    notebook.record([Result(catalog.exercise("1.1"), "red", message="It said \udcff.", seen=[{"title": "\udcff"}])])

    latest = notebook.latest("1.1")

    assert latest is not None
    assert "It said \udcff." == latest.message


def test_a_run_of_pytest_is_noted_when_it_shall_be(workspace: Path, notebook: Notebook) -> None:
    """With --history a run stands in the history; in a workspace that isn't the root it doesn't without. A part is a part."""
    health(workspace)

    def judge(*arguments: str, kata: str = "") -> None:
        command = [sys.executable, "-m", "pytest", f"katas/phase1_foundation{kata}", "--workspace", str(workspace), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
        assert 0 == done.returncode, done.stdout

    judge("-k", "1_1")
    assert {} == notebook.states()
    judge("-k", "test_health_is_healthy", "--history")
    assert {"1.1": "part"} == notebook.states()
    judge("--history", kata="/test_1_1_health.py::test_health_is_healthy")
    assert {"1.1": "part"} == notebook.states()
    judge("-k", "1_1", "--history")

    assert {"1.1": "green"} == notebook.states()
    lines = (notebook.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert 3 == len(lines)
    assert {"when", "quick", "exercises"} == json.loads(lines[-1]).keys()
    assert "*\n" == (notebook.folder / ".gitignore").read_text(encoding="utf-8")


def test_the_tracker_differs_only_by_what_has_changed(workspace: Path, notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    """Written twice it is the same; an exercise that becomes green changes its own row and its phase's."""
    came(notebook, **{"0.1": "green", "1.1": "red"})
    assert 0 == dojo(workspace, "progress")
    file = workspace / ".dojo/exercise-tracker.md"
    before = file.read_text(encoding="utf-8").splitlines()
    assert "is written." in capsys.readouterr().out
    assert 0 == dojo(workspace, "progress")
    assert "says so already." in capsys.readouterr().out

    came(notebook, **{"1.1": "green"})
    assert 0 == dojo(workspace, "progress")
    after = file.read_text(encoding="utf-8").splitlines()

    assert len(before) == len(after)
    assert [("| 1 · Foundation: FastAPI, sync and async |", "| 1 ·"), ("- [ ] 1.1 · ", "- [x] 1.1 · ")][1] == next(
        (old[:12], new[:12]) for old, new in zip(before, after, strict=True) if old.startswith("- ") and old != new)
    assert 2 == sum(old != new for old, new in zip(before, after, strict=True))
    shown = capsys.readouterr().out
    others = sum(each.phase == "1" for each in catalog.exercises()) - 1
    assert re.search(rf"^phase 1 +Foundation.* 1 of {others + 1} +✓{'·' * others}$", shown, re.M), shown


def test_the_tracker_says_the_level_once_all_of_a_phase_was_judged() -> None:
    """Seven of the eight of phase 1.5 are solid; before all eight were judged nothing is said."""
    eight = [each.id for each in catalog.exercises() if each.phase == "1.5"]

    assert "| 7 of 8 · Solid |" in tracker({**dict.fromkeys(eight, "green"), "H": "red"})
    assert "| 7 of 8 |" in tracker(dict.fromkeys(eight[:-1], "green"))


def test_the_committed_tracker_has_every_exercise() -> None:
    """What a learner ticks may differ; the rows don't. (After a change of the catalog: python -m dojo.cli progress --blank)"""
    text = (ROOT / TRACKER).read_text(encoding="utf-8")

    rows = re.sub(r"^- \[[ x]\]", "- [ ]", re.sub(r"\| \d+ of (\d+)[^|]*\|$", r"| 0 of \1 |", text, flags=re.M), flags=re.M)

    assert tracker({}) == rows


def test_progress_of_the_root_is_the_documentations_tracker() -> None:
    """Nowhere else would anybody look for it."""
    from dojo.progress import tracker_of

    assert ROOT / "docs/Exercises/exercise-tracker.md" == tracker_of(Workspace.at(ROOT))


# -- serve, doctor


@pytest.fixture
def served(workspace: Path) -> Iterator[Screen]:
    """The finished service, served on a port that is free."""
    for file in {file for exercise in catalog.exercises() for file in exercise.edit if (SOLUTIONS / file).is_file()}:
        (workspace / file).write_bytes((SOLUTIONS / file).read_bytes())
    screen = Screen("serve", "--workspace", workspace, "--port", "0", columns=160, lines=60)
    yield screen
    family = screen.family()
    screen.close()
    assert [] == gone(family)


def ask(url: str, data: str = "") -> str:
    """The body of the answer to a GET, or to a POST of JSON."""
    import httpx

    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        answer = client.post(url, content=data, headers={"content-type": "application/json"}) if data else client.get(url)
        return answer.text if answer.status_code < 400 else f"{answer.status_code}: {answer.text}"


def test_serve_brings_everything_that_the_service_talks_to(served: Screen, workspace: Path) -> None:
    """All endpoints work by hand; a save starts it anew, one that breaks it is told; Ctrl-C ends it with all that it started."""
    shown = served.shows("/docs", "it answers")
    address = re.search(r"Your service   (http://127\.0\.0\.1:\d+)", shown)
    assert address is not None, shown
    for name in ("DATABASE_URL", "REDIS_URL", "WEATHER_URL", "IMAGES_URL", "ANALYTICS_URL", "SERVICES_URL", "CONFIG_PATH"):
        assert f"  {name}" in shown

    assert '"user_id":7' in ask(f"{address[1]}/users/7")
    assert '"temperature"' in ask(f"{address[1]}/weather/Oslo")
    assert "hello from the cache" in ask(f"{address[1]}/cache/greeting")
    assert '"region":"north"' in ask(f"{address[1]}/config")
    assert '"errors":[]' in ask(f"{address[1]}/dashboard")
    assert '"label":7' in ask(f"{address[1]}/predict/image", '{"image_id": "7-1"}')
    assert "accepted" in ask(f"{address[1]}/track", '{"event": "click", "user_id": 7}')
    served.shows('the analytics service got {"event":"click","user_id":7}')
    assert "swagger" in ask(f"{address[1]}/docs").lower()

    health(workspace, "return {")
    told = served.shows("app/main.py changed: starting anew", "can't be read by Python: '{' was never closed", "return {", "The next save starts")
    assert "Traceback" not in told
    (workspace / "app/routers/weather.py").unlink()
    health(workspace, 'return {"status": "saved"}')
    served.shows("cannot import name 'weather'", "it has ended, with status 1")
    (workspace / "app/routers/weather.py").write_bytes((SOLUTIONS / "app/routers/weather.py").read_bytes())
    served.until(lambda text: text.rpartition("it has ended")[2].endswith("it answers"), "answered again")
    assert '{"status":"saved"}' == ask(f"{address[1]}/health")

    processes = served.family()
    assert len(processes) > 4
    served.press("\x03")
    assert 0 == served.ends()
    assert [] == gone(processes)


def test_serve_killed_leaves_nothing_running(served: Screen) -> None:
    """Neither the service nor a database."""
    served.shows("it answers")
    processes = served.family()

    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait()

    assert [] == gone(processes)


def test_serve_waits_no_longer_than_its_service_takes(workspace: Path, tmp_path: Path) -> None:
    """The end of a service that was asked to end is noticed: whoever saves shall not sit through the patience limit."""
    from dojo.serve import Servings

    async def once() -> tuple[bool, int]:
        service = Servings(Workspace.at(workspace), 0, {})
        log = tmp_path / "log"
        log.touch()
        await service.start(log)
        async with asyncio.timeout(PATIENCE):
            while "Application startup complete" not in log.read_text():
                await asyncio.sleep(0.05)
        await service.stop()
        return service.ended.is_set(), service.status

    assert (True, -signal.SIGTERM) == asyncio.run(once())


def test_serve_on_a_port_that_is_taken_says_so(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the way out."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert 2 == dojo(workspace, "serve", "--port", str(port))

    assert f"dojo: port {port} can't be had (Address already in use): give --port another one" in capsys.readouterr().err


def test_doctor_looks_at_bench_and_tools(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What phase 0 checks, servers that start, events that come; what isn't there is named with its cure."""
    assert 0 == dojo(workspace, "doctor")
    shown = capsys.readouterr().out
    for well in ("✓ 0.1  A working bench", "✓ Python 3.", "✓ PostgreSQL starts", "✓ Redis starts", "✓ a save is noticed",
                 "✓ the shipped stubs can be read"):
        assert well in shown, shown

    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    assert 0 == dojo(workspace, "doctor")
    shown = capsys.readouterr().out
    assert "? PostgreSQL doesn't start, and phase 1.5 needs it" in shown
    assert "unset DATABASE_URL" in shown
    assert "secret" not in shown


def test_doctor_tells_of_a_disk_that_is_full_and_a_folder_that_is_not_ours(workspace: Path, capsys: pytest.CaptureFixture[str],
                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its line and its cure, and what comes after it is still looked at."""
    async def refused(folder: Path) -> bool:
        raise OSError(errno.EROFS, "Read-only file system", str(folder / ".dojo-1234"))

    monkeypatch.setattr(doctor, "_events", refused)
    monkeypatch.setattr(doctor, "ROOM", 1e12)

    assert 0 == dojo(workspace, "doctor")

    shown = " ".join(capsys.readouterr().out.split())
    assert "? this folder can't be written" in shown
    assert f"Read-only file system: {workspace}. Make it yours" in shown
    assert "✓ the shipped stubs can be read" in shown
    assert re.search(rf"\? \d+ [MG]B are free for temporary files, in {re.escape(tempfile.gettempdir())} ", shown), shown
    assert "name a folder on another disk with TMPDIR" in shown


# -- all of them


COMMANDS = ("next", "watch", "list", "hint", "reset", "compare", "serve", "doctor", "progress")


def test_each_command_is_a_nox_session() -> None:
    """Of the same name, and not among those that a bare nox runs."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    found = {}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for call in (each for each in function.decorator_list if isinstance(each, ast.Call)):
            words = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
            found[words.get("name", function.name)] = words.get("default", True)

    assert dict.fromkeys(COMMANDS, False) == {name: found.get(name) for name in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_how_it_is_used(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--help tells, and ends well."""
    with pytest.raises(SystemExit) as end:
        parser().parse_args([command, "--help"])

    assert 0 == end.value.code
    assert "--workspace" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["next", "list", "hint", "progress", "watch"])
def test_a_workspace_that_is_none_is_one_clear_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is for the katas."""
    assert 2 == main([command, "--workspace", "no/such/folder"])

    assert capsys.readouterr().err.startswith("dojo: there is no folder no/such/folder")


def test_an_output_of_ascii_gets_letters(workspace: Path, notebook: Notebook) -> None:
    """Where signs can't be written there are letters."""
    came(notebook, **{"1.1": "green", "1.2": "red"})

    done = subprocess.run([sys.executable, "-m", "dojo.cli", "list", "--workspace", str(workspace)], cwd=ROOT, capture_output=True,
                          env={**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}, timeout=60)

    assert done.stdout.isascii(), done.stdout
    assert b"+ 1.1" in done.stdout
    assert b"x 1.2" in done.stdout


def test_the_stubs_error_is_one_of_its_own() -> None:
    """Commands that meet it say why in one line."""
    with pytest.raises(NoStub, match="the shipped no/such/file is read from git, and can't be"):
        shipped("no/such/file")
