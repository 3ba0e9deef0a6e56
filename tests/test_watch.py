"""``dojo watch`` in a pseudo-terminal: every key, and what editors, terminals and learners do to it."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dojo.keys import pressed
from dojo.stubs import shipped
from dojo.workspace import ROOT
from tests.learner import ANSWER, fresh, health, solve
from tests.screen import PATIENCE, Screen, gone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the watch needs a POSIX terminal")

KEYS = "h hint · t task · n next · l list · c compare"
Starter = Callable[..., Screen]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A fresh workspace, with its path as a learner may have it."""
    return fresh(tmp_path / "my katas")


@pytest.fixture
def watch(workspace: Path) -> Iterator[Starter]:
    """Starts watches, and sees to it that nothing of them is left running."""
    started: list[Screen] = []

    def start(*arguments: str, **options: object) -> Screen:
        started.append(Screen("watch", "--workspace", workspace, *arguments, **options))
        return started[-1]

    yield start
    family = [process for screen in started for process in screen.family()]
    for screen in started:
        screen.close()
    assert [] == gone(family)


def at_1_1(watch: Starter, *arguments: str, **options: object) -> Screen:
    """A watch that shows the failure of 1.1 as it was shipped."""
    screen = watch("1.1", *arguments, **options)
    screen.shows("✗ 1.1  A health endpoint", "NotImplementedError: 1.1: /health has no answer yet", "h hint")
    return screen


# -- saves


def test_a_fresh_clone_is_taken_from_the_bench_to_the_first_hole(watch: Starter, workspace: Path) -> None:
    """Phase 0 is green, so the watch goes on to 1.1 by itself; a save that solves it leads to 1.2."""
    screen = watch()
    screen.shows("✓ 0.1  A working bench", "✗ 1.1  A health endpoint", "Expected: GET /health answers 200", f"{KEYS} 1.1")

    health(workspace)

    shown = screen.shows("✓ 1.1  A health endpoint", "✗ 1.2  Request and response models", "NotImplementedError: 1.2", "c compare 1.1")
    assert "0.1" not in shown
    history = (workspace / ".dojo/history.jsonl").read_text(encoding="utf-8").splitlines()
    assert {"0.1": "green", "1.1": "red"} == {i: e["state"] for line in history[:2] for i, e in json.loads(line)["exercises"].items()}


def test_each_save_is_judged(watch: Starter, workspace: Path) -> None:
    """What is shown follows the file, save by save."""
    screen = at_1_1(watch)

    for number in range(3):
        health(workspace, f'raise ValueError("save {number}")')
        screen.shows(f"ValueError: save {number}")


def test_files_without_events_are_polled(watch: Starter, workspace: Path) -> None:
    """With --poll a save is seen by looking."""
    screen = at_1_1(watch, "--poll")

    health(workspace, 'raise ValueError("seen by looking")')

    screen.shows("ValueError: seen by looking")


def test_a_syntax_error_in_the_middle_is_a_verdict_like_any_other(watch: Starter, workspace: Path) -> None:
    """A half-finished line is told with its place, and the next save is judged."""
    screen = at_1_1(watch)

    health(workspace, "return {")
    screen.shows("SyntaxError", "app/main.py")
    health(workspace, 'return {"status": "in good h\N{LATIN SMALL LETTER E WITH ACUTE}alth"}')
    file = workspace / "app/main.py"
    file.write_bytes(file.read_text(encoding="utf-8").encode("latin-1"))
    screen.shows("Python reads a source file as UTF-8: save it in that encoding.")
    health(workspace)

    screen.shows("✓ 1.1", "✗ 1.2")


def test_an_editor_may_replace_the_file(watch: Starter, workspace: Path) -> None:
    """Deleted and written anew, or written beside and renamed: one verdict, and never that the file is missing."""
    screen = at_1_1(watch)
    file = workspace / "app/main.py"

    os.unlink(file)
    time.sleep(0.1)  # an editor's pause, shorter than the watch's patience with a file that is gone
    health(workspace, 'raise ValueError("deleted and written")')
    screen.shows("ValueError: deleted and written")
    beside = workspace / "app/.main.py.swp"
    beside.write_text(file.read_text(encoding="utf-8").replace("deleted and written", "renamed"), encoding="utf-8")
    os.replace(beside, file)
    screen.shows("ValueError: renamed")

    assert b"No module named" not in screen.written
    assert b"could not be imported" not in screen.written


def test_a_file_that_stays_away_is_told(watch: Starter, workspace: Path) -> None:
    """A deleted file is a verdict after a moment, and so is its return."""
    screen = at_1_1(watch)

    os.unlink(workspace / "app/main.py")
    screen.until(lambda text: ("NotImplementedError" not in text and "✗ 1.1" in text and "app.main" in text) or "app/main.py" in text, "told it")
    screen.until(lambda text: "NotImplementedError" not in text and KEYS in text, "judged without the file")
    health(workspace)

    screen.shows("✓ 1.1", "✗ 1.2")
    os.unlink(workspace / "app/schemas.py")
    screen.shows("app/schemas.py isn't there: restore it with `git checkout app/schemas.py`", "nox -s reset -- 1.2.")
    screen.press("r")
    screen.shows("y / n")
    screen.press("y")
    screen.shows("app/schemas.py is as shipped again.")
    screen.press("x")
    screen.shows("NotImplementedError: 1.2")


def test_the_whole_folder_may_be_replaced(watch: Starter, workspace: Path) -> None:
    """A checkout that makes app/ anew is followed; later saves in the new folder are seen."""
    screen = at_1_1(watch)

    shutil.copytree(workspace / "app", workspace / "new")
    shutil.rmtree(workspace / "app")
    os.rename(workspace / "new", workspace / "app")
    health(workspace, 'raise ValueError("in the new folder")')
    screen.shows("ValueError: in the new folder")
    health(workspace, 'raise ValueError("once more")')

    screen.shows("ValueError: once more")


def test_of_two_saves_within_50_ms_the_last_counts(watch: Starter, workspace: Path) -> None:
    """A formatter that runs on save, or an impatient learner: the verdict is that of the newest text."""
    screen = at_1_1(watch)

    for number in range(5):
        health(workspace, f'raise ValueError("first {number}")')
        time.sleep(0.01 * number)
        health(workspace, f'raise ValueError("second {number}")')
        screen.shows(f"ValueError: second {number}", KEYS)

    time.sleep(0.3)  # nothing that was begun earlier comes in later
    screen._take(0.1)
    assert "ValueError: second 4" in screen.text


def test_a_save_ends_a_judging_that_hangs(watch: Starter, workspace: Path) -> None:
    """An endless loop is judged until the next save; its process doesn't survive."""
    screen = at_1_1(watch)

    health(workspace, "while True: pass")
    screen.shows("judging 1.1")
    before = {process.pid for process in screen.family()}
    health(workspace)
    screen.shows("✓ 1.1", "✗ 1.2")

    screen.until(lambda _: not [p for p in psutil.process_iter(["pid", "ppid", "cpu_times"]) if p.pid in before - {q.pid for q in screen.family()}
                                and _busy(p)], "ended the endless loop")


def _busy(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        before = process.cpu_times()
        time.sleep(0.2)
        after = process.cpu_times()
        return after.user - before.user > 0.05
    return False


def test_what_the_learner_prints_stays_off_the_screen(watch: Starter, workspace: Path) -> None:
    """A print, even of a terminal's own commands and to all that looks like one, leaves the screen as it is."""
    screen = at_1_1(watch)

    prints = 'import sys; print("\\x1b[2J\\x1b[HPRINTED" * 50, flush=True); print("PRINTED", file=sys.__stderr__); raise ValueError("has printed")'
    health(workspace, prints)
    shown = screen.shows("ValueError: has printed", KEYS)

    assert shown.startswith("✗ 1.1  A health endpoint")
    assert not re.search(r"^PRINTED", shown, re.M)
    assert b"\x1b[2J\x1b[HPRINTED" not in screen.written


def test_what_an_exception_says_is_shown_and_not_carried_out(watch: Starter, workspace: Path) -> None:
    """Its message may hold a terminal's commands, or what can't be encoded at all: both are told as Python would write them."""
    screen = at_1_1(watch)

    health(workspace, r'raise ValueError("gone \x1b[2J\x1b[H\x9b5C \udcff \u202e end")')
    shown = screen.shows("ValueError: gone", KEYS)

    assert shown.startswith("✗ 1.1  A health endpoint")
    assert r"ValueError: gone \x1b[2J\x1b[H\x9b5C \udcff \u202e end" in shown
    assert b"\x1b[2J" not in screen.written
    health(workspace)
    screen.shows("✓ 1.1  A health endpoint", "✗ 1.2")


def test_a_judge_that_is_killed_is_started_again(watch: Starter, workspace: Path) -> None:
    """Whatever ends the preloaded judge, the next save has another."""
    screen = at_1_1(watch)

    for process in screen.family()[1:]:
        with contextlib.suppress(psutil.Error):
            if "dojo.warm" in process.cmdline():
                process.kill()
    health(workspace)

    screen.press("\r")
    screen.shows("✓ 1.1", "✗ 1.2")


# -- keys


def test_the_keys_of_the_day(watch: Starter, workspace: Path) -> None:
    """Task, hints, list, next, compare, and the way out: each key does what the last line says."""
    screen = at_1_1(watch, lines=90)  # the whole list fits

    screen.press("t")
    screen.shows("Goal. A load balancer asks each copy", "any key: back")
    screen.press("x")
    for number in (1, 2, 3):
        screen.press("h")
        screen.shows(f"hint {number} of 3", "NotImplementedError", KEYS, "The next one: h" if number < 3 else "That was the last one.")
    screen.press("h")
    screen.shows("all 3 hints were shown", "Read on in docs/Exercises/phase-1-foundation.md#11", "The hints again: h")
    screen.press("h")
    screen.shows("hint 1 of 3")

    screen.press("l")
    shown = screen.shows("✗ 1.1  A health endpoint", "Phase 1.5", "points")
    assert re.search(r"^→ ✗ 1\.1 +A health endpoint +0/1 +red$", shown, re.M), shown
    screen.press("l")
    screen.shows("Expected: GET /health")

    screen.press("n")
    screen.shows("✗ 1.2", "NotImplementedError: 1.2")
    health(workspace)
    solve(workspace, "1.2")
    screen.shows("✓ 1.2", "✗ 1.3", "c compare 1.2")
    screen.press("c")
    screen.shows("app/schemas.py is the same as in solutions/.")
    screen.press("x")
    screen.shows("NotImplementedError: 1.3")

    processes = screen.family()
    screen.press("q")
    assert 0 == screen.ends()
    assert "exercises are green; nox -s watch goes on from here." in screen.last
    assert screen.echoes()
    assert b"\x1b[?25h" == re.findall(rb"\x1b\[\?25[lh]", screen.written)[-1]  # the cursor is back
    assert [] == gone(processes)


def test_compare_shows_no_answer_before_it_is_asked_to(watch: Starter, workspace: Path) -> None:
    """While an exercise is red the key asks first; anything but y is a no."""
    screen = at_1_1(watch)

    screen.press("c")
    screen.shows("1.1 is red. See the answer all the same? y / n")
    for no in ("n", "x", "\r", "\x1b"):
        screen.press(no)
        screen.until(lambda text: KEYS in text, "took it for a no")
        screen.press("c")
        screen.shows("y / n")
    assert ANSWER.encode() not in screen.written
    screen.press("y")

    shown = screen.shows("+++ solutions/app/main.py")
    assert f"+        {ANSWER}" in shown
    assert "TimingMiddleware" not in shown  # that is 2.7's answer, in the same file
    assert b"TimingMiddleware" not in screen.written


def test_reset_keeps_what_was_written(watch: Starter, workspace: Path) -> None:
    """The stub comes back only after a y, and what the learner wrote lies where the page says."""
    health(workspace, 'raise ValueError("an hour of work")')
    mine = (workspace / "app/main.py").read_bytes()
    screen = watch("1.1")
    screen.shows("an hour of work", KEYS)

    screen.press("r")
    screen.shows("Put the shipped app/main.py back? Yours is kept. y / n")
    screen.press("n")
    screen.until(lambda text: KEYS in text, "took it for a no")
    assert mine == (workspace / "app/main.py").read_bytes()
    screen.press("r")
    screen.shows("y / n")
    screen.press("y")
    shown = screen.shows("app/main.py is as shipped again.", "Yours is kept in .dojo/kept/1.1-")
    screen.press("x")
    screen.shows("NotImplementedError: 1.1", KEYS)

    kept = re.search(r"kept in (\S+/)\. To", shown)
    assert kept is not None, shown
    assert mine == (workspace / kept[1] / "app/main.py").read_bytes()
    assert shipped("app/main.py") == (workspace / "app/main.py").read_bytes()


def test_a_new_verdict_is_shown_from_its_beginning(watch: Starter, workspace: Path) -> None:
    """On a screen that a hint has moved on, with the keys still there."""
    screen = at_1_1(watch, columns=80, lines=24)

    screen.press("h")
    screen.until(lambda text: "hint 1 of 3" in text and "lines; space turns the page" in text and not text.startswith("✗ 1.1"), "showed the hint")
    assert screen.last.endswith("q quit")
    health(workspace, 'raise ValueError("something else")')
    screen.until(lambda text: text.startswith("✗ 1.1") and "something else" in text, "began at the top")


def test_enter_judges_again(watch: Starter, workspace: Path) -> None:
    """Without a save, too."""
    screen = at_1_1(watch)
    history = workspace / ".dojo/history.jsonl"
    before = len(history.read_text(encoding="utf-8").splitlines())

    screen.press("\r")

    screen.until(lambda _: len(history.read_text(encoding="utf-8").splitlines()) > before, "judged again")


@pytest.mark.parametrize(("data", "keys"), [
    ("h", ["h"]), ("\x1b[A", ["up"]), ("\x1bOB", ["down"]), ("\x1b[6~ ", ["page down", "page down"]), ("\x1b", ["escape"]),
    ("\x1b[1;5Ch", ["h"]), ("\x1b[Ml", []), ("\r\n", ["enter", "enter"]), ("ü", ["ü"]), ("\x1bx", ["escape", "x"]), ("", []),
])
def test_what_a_terminal_sends_is_taken_apart(data: str, keys: list[str]) -> None:
    """Arrows and pages have names, unknown sequences are no letters."""
    if data == "\x1b[Ml":  # a sequence that ends with its first letter
        keys = ["l"]

    assert keys == list(pressed(data))


# -- terminals


def _fits(shown: list[str], columns: int, lines: int) -> bool:
    """Whether the verdict stands on top, the keys stand in the last line up to the way out, and all of it within the screen."""
    return bool(shown) and (shown[0].startswith("✗ 1.1") and re.search(r"q quit|\[q\]uit", shown[-1]) is not None and len(shown) <= lines
            and all(len(line) <= columns for line in shown) and len(shown[-1]) < columns)


def test_any_size_is_filled_and_never_scrolled(watch: Starter, workspace: Path) -> None:
    """After a resize the screen is drawn anew: no line too long, the keys at the bottom, the rest behind the space bar."""
    screen = at_1_1(watch)

    for columns, lines in ((60, 15), (40, 10), (132, 60), (80, 24)):
        screen.resize(columns, lines)
        screen.until(lambda text, size=(columns, lines): _fits(text.splitlines(), *size), f"fitted {columns} x {lines}")
        scrolled = screen.scrolled  # a terminal that becomes smaller moves lines out by itself
        screen.press("t")
        screen.shows("any key: back")
        screen.press("x")
        screen.until(lambda text, size=(columns, lines): _fits(text.splitlines(), *size), "came back")
        screen.press("c")
        asked = screen.shows("y / n")
        assert "1.1 is red. See the answer all the same? y / n" in asked.replace("\n", " ")
        screen.press("n")
        screen.until(lambda text, size=(columns, lines): _fits(text.splitlines(), *size), "came back")
        assert scrolled == screen.scrolled

    screen.resize(50, 60)
    screen.press("l")
    rows = screen.shows("points").splitlines()
    assert "  · 1.2  Request and respons… 0/1  not judged yet" in rows, rows
    screen.press("x")
    screen.resize(80, 10)
    screen.shows("1-8 of ", "lines; space turns the page")
    seen = screen.text
    for _ in range(9):
        if "docs/Exercises/phase-1-foundation.md#11" in screen.text:
            break
        before = _part(screen.text)
        screen.press(" ")
        screen.until(lambda text, old=before: _part(text) not in ("", old), "turned the page")
        seen += screen.text
    assert "docs/Exercises/phase-1-foundation.md#11" in screen.text
    assert "raised at app/main.py" in seen
    for key, part in ((" ", "1-8"), ("\x1b[B", "2-9"), ("\x1b[A", "1-8")):
        screen.press(key)
        screen.until(lambda text, part=part: _part(text) == part, f"showed the lines {part}")
        assert screen.text.startswith("✗ 1.1") == (part == "1-8")


def _part(text: str) -> str:
    """Which lines are shown, such as ``1-8``; it stands below them, so all above it is drawn."""
    found = re.search(r"^(\d+-\d+) of \d+ lines", text, re.M)
    return found[1] if found else ""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_and_all_that_it_started(watch: Starter, workspace: Path, number: int, status: int) -> None:
    """Also in the middle of a judging: the terminal is as it was, and no process is left."""
    screen = at_1_1(watch)
    health(workspace, "while True: pass")
    screen.shows("judging 1.1")
    processes = screen.family()
    assert len(processes) >= 4

    if number == signal.SIGINT:
        screen.press("\x03")  # as a terminal sends it
    else:
        screen.process.send_signal(number)

    assert status == screen.ends()
    assert screen.echoes()
    assert [] == gone(processes)


def test_a_kill_leaves_nothing_running(watch: Starter, workspace: Path) -> None:
    """What the watch has started ends by itself when the watch is killed."""
    screen = at_1_1(watch)
    health(workspace, "while True: pass")
    screen.shows("judging 1.1")
    processes = screen.family()

    screen.process.kill()
    screen.process.wait()

    assert [] == gone(processes)


def test_the_end_of_the_terminal_is_the_end(watch: Starter) -> None:
    """Ctrl-D quits."""
    screen = at_1_1(watch)

    screen.press("\x04")

    assert 0 == screen.ends()


def test_ctrl_z_gives_the_terminal_back(watch: Starter, workspace: Path) -> None:
    """A stopped watch leaves the shell a terminal that echoes; continued, it draws itself anew."""
    screen = at_1_1(watch)

    screen.press("\x1a")
    end = time.monotonic() + PATIENCE
    while psutil.Process(screen.process.pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < end
        screen._take(0.05)
    assert screen.echoes()
    health(workspace, 'raise ValueError("saved meanwhile")')
    screen.process.send_signal(signal.SIGCONT)

    screen.shows("ValueError: saved meanwhile", KEYS)
    assert not screen.echoes()


#: What a shell does with a job of which another process, such as nox, has stopped first: it takes the terminal before the watch has given it.
QUICK_SHELL = """
import os, signal, subprocess, sys
job = subprocess.Popen(sys.argv[1:], process_group=0)
os.tcsetpgrp(0, job.pid)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
signal.sigwait({signal.SIGUSR1})
os.tcsetpgrp(0, os.getpid())
os.kill(job.pid, signal.SIGTSTP)
os.waitpid(job.pid, os.WUNTRACED)
print("STOPPED", flush=True)
signal.sigwait({signal.SIGUSR1})
os.tcsetpgrp(0, job.pid)
os.kill(job.pid, signal.SIGCONT)
job.wait()
"""


def test_ctrl_z_is_over_when_the_shell_says_so(watch: Starter, workspace: Path) -> None:
    """The shell that has its terminal back too early is no reason to be stopped twice: one fg is enough."""
    command = [sys.executable, "-c", QUICK_SHELL, sys.executable, "-m", "dojo.cli", "watch", "1.1", "--workspace", str(workspace)]
    screen = at_1_1(watch, command=command)

    screen.process.send_signal(signal.SIGUSR1)
    screen.shows("STOPPED")
    health(workspace, 'raise ValueError("saved meanwhile")')
    screen.process.send_signal(signal.SIGUSR1)

    screen.shows("ValueError: saved meanwhile", KEYS, patience=20)
    assert not screen.echoes()
    screen.press("q")
    assert 0 == screen.ends()


def test_without_a_terminal_each_verdict_is_plain_text(workspace: Path) -> None:
    """A pipe gets verdicts one after another, without a single escape code, and needs no keys."""
    process = subprocess.Popen([sys.executable, "-m", "dojo.cli", "watch", "1.1", "--workspace", str(workspace)], cwd=ROOT, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    assert process.stdout is not None
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    shown = ""
    try:
        for last in ("nox -s hint -- 1.1", "nox -s hint -- 1.2"):
            while last not in shown:
                line = process.stdout.readline()
                assert line, shown
                shown += line
            health(workspace)
        process.terminate()
        shown += process.stdout.read()
        assert 143 == process.wait(PATIENCE)
    finally:
        timer.cancel()
        process.kill()
        process.communicate()

    assert "\x1b" not in shown
    assert re.search(r"✗ 1\.1 .*✓ 1\.1 .*✗ 1\.2 ", shown, re.S), shown


def test_a_terminal_that_cannot_be_drawn_on_gets_plain_text(watch: Starter, workspace: Path) -> None:
    """As an editor's shell has one: verdicts one after another, no escape code, and Ctrl-C is the way out."""
    screen = watch("1.1", TERM="dumb")

    screen.shows("Each save is judged; Ctrl-C ends it.", "NotImplementedError: 1.1")
    health(workspace)
    screen.shows("✓ 1.1", "NotImplementedError: 1.2")
    screen.press("\x03")

    assert 130 == screen.ends()
    assert b"\x1b" not in screen.written


def test_new_katas_are_read_while_it_runs(tmp_path: Path) -> None:
    """An update of the repository in the middle of a day needs no new start."""
    repository = tmp_path / "repository"
    for name in ("dojo", "katas", "docs", "solutions"):
        shutil.copytree(ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", repository)
    fresh(repository / "workspace")
    command = [sys.executable, "-c", f"import os, sys; os.chdir({str(repository)!r}); sys.path.insert(0, '.'); "
               "from dojo.cli import main; sys.exit(main(['watch', '1.1', '--workspace', 'workspace']))"]
    screen = Screen(command=command)
    try:
        screen.shows("✗ 1.1  A health endpoint", "h hint")
        chapter = repository / "docs/Exercises/phase-1-foundation.md"
        chapter.write_text(chapter.read_text(encoding="utf-8").replace("## 1.1 · A health endpoint", "## 1.1 · Another title"), encoding="utf-8")
        screen.shows("✗ 1.1  Another title")
        kata = repository / "katas/phase1_foundation/test_1_1_health.py"
        kata.write_text('from dojo.kata import Red, exercise\npytestmark = exercise("1.1", edit="app/main.py")\n\n\n'
                        'def test_it() -> None:\n    """It is new."""\n    raise Red("another kata has judged")\n', encoding="utf-8")
        screen.shows("another kata has judged")
        processes = screen.family()
        screen.press("q")
        assert 0 == screen.ends()
        assert [] == gone(processes)
    finally:
        screen.close()


def test_the_workspace_must_be_one(tmp_path: Path) -> None:
    """What can't be watched is one clear line."""
    done = subprocess.run([sys.executable, "-m", "dojo.cli", "watch", "--workspace", str(tmp_path)], cwd=ROOT, capture_output=True, text=True)

    assert (2, f"dojo: {tmp_path} holds no app/: give --workspace the folder above it\n") == (done.returncode, done.stderr)
