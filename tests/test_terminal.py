"""What the terminal shows: each exercise as a line, the details of the first red one, in 80 columns."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dojo import catalog
from dojo.results import Result
from dojo.terminal import details
from dojo.workspace import ANSWERS, ROOT, SOLUTIONS

PHASE = "katas/phase1_foundation"
HEALTH = 'return {"status": "healthy"}'
HOLE = 'raise NotImplementedError("1.1: /health has no answer yet")'

#: What is shown of 1.1 while its hole is open; {line} is the hole's.
OPEN = '''\
✗ 1.1  A health endpoint                                            app/main.py

  Expected: GET /health answers 200 with the JSON body {{"status": "healthy"}},
  as often as it is asked.

  GET /health answered 500, expected 200.
  NotImplementedError: 1.1: /health has no answer yet
  raised at app/main.py:{line}:
      raise NotImplementedError("1.1: /health has no answer yet")

  A load balancer asks this every few seconds and sends no traffic to a
  service that gives another answer, or none. It has to answer while
  everything else waits, and that depends on the event loop, which runs one
  piece of code at a time: the exercises from 1.4 on are about it.

  docs/Exercises/phase-1-foundation.md#11   ·   nox -s hint -- 1.1
'''

#: How many exercises phase 1 has.
COUNT = sum(each.phase == "1" for each in catalog.exercises())
GREEN = f"Phase 1 · Foundation   judging solutions\n\n✓ 1.1  A health endpoint\n\nphase 1 · 1/{COUNT}   ({COUNT - 1} not run)\n"


def environment(**changes: str) -> dict[str, str]:
    """This process's, without what changes colors or widths."""
    skipped = {"NO_COLOR", "FORCE_COLOR", "PY_COLORS", "PYTEST_ADDOPTS", "COLUMNS", "PYTHONIOENCODING"}
    return {key: value for key, value in os.environ.items() if key not in skipped} | {"PYTHONUTF8": "1"} | changes


def run(*arguments: str | Path, cwd: Path = ROOT, **changes: str) -> subprocess.CompletedProcess[str]:
    """Runs pytest, with the output that a pipe gets."""
    return subprocess.run([sys.executable, "-m", "pytest", *map(str, arguments)], cwd=cwd, env=environment(**changes),
                          capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, timeout=100)


def exercise_lines(shown: str) -> list[str]:
    """The lines that begin with an exercise's sign."""
    return re.findall(r"^[✓✗?!] \d.*$", shown, re.M)


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stubs as they were committed: app/ may hold a learner's work."""
    folder = tmp_path_factory.mktemp("stubs")
    archive = subprocess.run(["git", "archive", "HEAD", "app"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    return folder


@pytest.fixture(scope="session")
def brief(stubs: Path) -> subprocess.CompletedProcess[str]:
    """A run of the stubs."""
    return run(PHASE, "--workspace", stubs)


@pytest.fixture(scope="session")
def failures(stubs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What is shown of many kinds of failures: pictures, tables, long words and lines, prints."""
    long = tmp_path_factory.mktemp("long") / "solutions"
    shutil.copytree(SOLUTIONS, long)
    raises = f'print("y" * 300); raise ValueError("x" * 300 + " " + "some words " * 30)  # {"z" * 100}'
    (long / "app/main.py").write_text((SOLUTIONS / "app/main.py").read_text(encoding="utf-8").replace(HEALTH, raises), encoding="utf-8")
    runs: list[tuple[str | Path, ...]] = [
        (stubs,),
        (long, "-k", "1_1"),
        (ANSWERS / "wrong/1_5_async_def_time_sleep", "-k", "1_5"),
        (ANSWERS / "wrong/1_5_asyncio_lock", "-k", "1_5"),
        (ANSWERS / "wrong/1_6_100_together", "-k", "1_6"),
    ]
    with ThreadPoolExecutor(2) as pool:
        yield [done.stdout for done in pool.map(lambda arguments: run(PHASE, "--all", "--workspace", *arguments), runs)]


# -- what is said


def test_an_open_exercise_is_told_in_these_words(brief: subprocess.CompletedProcess[str], stubs: Path) -> None:
    """Expected, seen, why it matters, where to look."""
    lines = (stubs / "app/main.py").read_text(encoding="utf-8").splitlines()
    hole = next(number for number, line in enumerate(lines, 1) if HOLE in line)

    assert OPEN.format(line=hole) in brief.stdout


def test_each_exercise_is_one_line_and_the_first_red_one_has_details(brief: subprocess.CompletedProcess[str]) -> None:
    """Seven exercises are seven lines; only the first of them is explained."""
    lines = exercise_lines(brief.stdout)

    assert [f"✗ 1.{number}" for number in range(1, 8)] == [line[:5] for line in lines]
    assert 1 == brief.stdout.count("Expected:"), brief.stdout
    assert 1 == brief.stdout.count("nox -s hint"), brief.stdout


def test_the_closing_line_counts(brief: subprocess.CompletedProcess[str]) -> None:
    """The last line says how many of the phase's exercises are green."""
    assert f"phase 1 · 0/{COUNT}" == brief.stdout.splitlines()[-1]
    assert pytest.ExitCode.TESTS_FAILED == brief.returncode
    assert "" == brief.stderr


def test_all_shows_the_details_of_each(failures: list[str]) -> None:
    """With --all every red exercise is explained."""
    assert 7 == failures[0].count("Expected:"), failures[0]
    assert [f"1.{number}" for number in range(1, 8)] == re.findall(r"·   nox -s hint -- (\S+)$", failures[0], re.M), failures[0]


def test_no_line_is_longer_than_80_columns(failures: list[str]) -> None:
    """Whatever a learner's code says, prints or is, no line needs a wide terminal."""
    lines = [line for shown in failures for line in shown.splitlines() if "judging /" not in line]  # a path is shown in full

    assert [] == [line for line in lines if len(line) > 80]
    assert any("█" in line for line in lines)
    assert any("x" * 70 in line for line in lines)
    assert [] == [shown for shown in failures if "\n\n\n" in shown]  # where nothing is said, there is no room for it


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_narrow_terminal_keeps_the_margin(width: int) -> None:
    """What is said is wrapped where the terminal ends, and each line has its two blanks."""
    result = Result(catalog.exercise("1.5"), "red", "test_it", "Requests that are sent together wait together; none waits for another.",
                    "8 requests to /predict were sent together; 1 was in flight, 7 never reached your code.\n    time.sleep(1)")

    lines = [line for line in details(result, width) if line]

    assert all(line.startswith("  ") and len(line) <= max(width, 42) for line in lines), lines
    assert "      time.sleep(1)" in lines
    assert "nox -s hint -- 1.5" in lines[-1]


def test_no_stack_is_shown(failures: list[str]) -> None:
    """A failure shows lines of the learner's, none of the dojo's or of a library's."""
    for shown in failures:
        for harness in ("Traceback", "site-packages", "dojo/", "katas/phase", "no mistake of yours"):
            assert harness not in shown, shown


# -- colors and signs


def test_without_a_terminal_there_are_no_escape_codes(brief: subprocess.CompletedProcess[str]) -> None:
    """A pipe or a file gets plain text."""
    assert "\x1b" not in brief.stdout


def in_a_terminal(**changes: str) -> str:
    """What a pseudo-terminal gets of 1.1."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-m", "pytest", PHASE, "-k", "1_1", "--workspace", "solutions"], cwd=ROOT,
                               env=environment(TERM="xterm", **changes), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not data:
            break
        shown += data
    os.close(ours)
    assert 0 == process.wait(30), shown
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colors() -> None:
    """The sign and the closing line are colored, and what is shown is the same without the codes."""
    shown = in_a_terminal()

    assert "\x1b[32m✓\x1b[0m 1.1  A health endpoint\n" in shown
    assert GREEN == re.sub(r"\x1b\[[\d;]*m", "", shown)


def test_no_color_is_respected() -> None:
    """With NO_COLOR a terminal gets plain text as well."""
    assert GREEN == in_a_terminal(NO_COLOR="1")


def test_an_output_of_ascii_gets_letters() -> None:
    """Where the output can't encode the signs and pictures, there are letters in their place."""
    done = run(PHASE, "-k", "1_1 or 1_5", "--workspace", ANSWERS / "wrong/1_5_async_def_time_sleep", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert done.stdout.isascii(), done.stdout
    assert "+ 1.1  A health endpoint\nx 1.5  Predict without blocking" in done.stdout
    assert re.search(r"predict #1 #+", done.stdout), done.stdout
    assert f"phase 1 . 1/{COUNT}" in done.stdout


# -- what is asked for


@pytest.mark.parametrize(("workspace", "said"), [
    ("no/such/folder", "there is no folder no/such/folder: give --workspace one that holds app/, such as solutions"),
    ("docs", "docs holds no app/: give --workspace the folder above it"),
    ("pyproject.toml", "there is no folder pyproject.toml: give --workspace one that holds app/, such as solutions"),
])
def test_a_workspace_that_is_none_is_one_clear_line(workspace: str, said: str) -> None:
    """A --workspace that can't be judged ends at once, as any wrong use does."""
    done = run(PHASE, "--workspace", workspace)

    assert (pytest.ExitCode.USAGE_ERROR, f"ERROR: {said}") == (done.returncode, (done.stdout + done.stderr).strip())


def test_a_choice_of_nothing_says_so() -> None:
    """When -k fits no kata, the learner is told what it takes."""
    done = run(PHASE, "-k", "1.1")

    assert "Nothing was chosen: -k takes a part of a kata's name, such as -k 1_5.\n" == done.stdout
    assert pytest.ExitCode.NO_TESTS_COLLECTED == done.returncode


@pytest.mark.parametrize("program", ["python -m pytest", "pytest"])
def test_it_is_the_same_from_any_folder(program: str, tmp_path: Path) -> None:
    """From the root, from the katas and from elsewhere, the same tree is judged and the same is shown."""
    found = shutil.which("pytest", path=str(Path(sys.executable).parent))
    start = [str(found)] if program == "pytest" else [sys.executable, "-m", "pytest"]

    for cwd, path in ((ROOT, PHASE), (ROOT / PHASE, "."), (tmp_path, str(ROOT / PHASE))):
        done = subprocess.run([*start, path, "-k", "1_1", "--workspace", "solutions"], cwd=cwd, env=environment(),
                              capture_output=True, text=True, encoding="utf-8", timeout=100)

        assert (0, GREEN, "") == (done.returncode, done.stdout, done.stderr), cwd


# -- katas that go wrong


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of this repository, whose katas may be changed."""
    for name in ("dojo", "katas", "docs", "solutions"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def kata_that(repository: Path, *body: str) -> subprocess.CompletedProcess[str]:
    """A run in which the kata of 1.1 is another one."""
    lines = ("from dojo.kata import Inconclusive, exercise", 'pytestmark = exercise("1.1", edit="app/main.py")', *body)
    (repository / PHASE / "test_1_1_health.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return run(PHASE, "-k", "1_1 or 1_6", "--workspace", "solutions", cwd=repository)


def test_a_kata_that_raises_is_the_dojos_own_mistake(repository: Path) -> None:
    """An exception of a kata is no verdict on the learner, and the other exercises are still judged."""
    done = kata_that(repository, "def test_it() -> None:", "    {}['missing']")

    assert "! 1.1  A health endpoint" in done.stdout, done.stdout
    assert "The kata itself failed; this is no mistake of yours:" in done.stdout, done.stdout
    assert "KeyError: 'missing'" in done.stdout, done.stdout
    assert "✓ 1.6" in done.stdout, done.stdout
    assert pytest.ExitCode.TESTS_FAILED == done.returncode


def test_a_kata_that_cannot_be_read_is_the_dojos_own_mistake(repository: Path) -> None:
    """So is one that can't be imported."""
    done = kata_that(repository, "import no_such_module")

    assert "The katas themselves could not be read; this is no mistake of yours:" in done.stdout, done.stdout
    assert "No module named 'no_such_module'" in done.stdout, done.stdout
    assert 0 != done.returncode


FULL = "OSError(28, 'No space left on device', '/somewhere/main.py')"
TOLD = "No space is left for the files of a judging, such as /somewhere/main.py."


def test_a_full_disk_settles_nothing(repository: Path) -> None:
    """What the judge could not write is no verdict on the learner, and said without a trace."""
    done = kata_that(repository, "def test_it() -> None:", f"    raise {FULL}")

    assert "? 1.1  A health endpoint" in done.stdout, done.stdout
    assert f"Inconclusive: {TOLD}" in " ".join(done.stdout.split()), done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("command", [("-m", "pytest", PHASE, "--workspace", "solutions"),
                                     ("-c", "import sys; sys.path.insert(0, '.'); from dojo.cli import main; main(['next'])")])
def test_a_disk_that_is_full_from_the_start_is_told_in_a_line(repository: Path, command: tuple[str, ...]) -> None:
    """There is nothing to judge then, with pytest or with the preloaded judge."""
    file = repository / "dojo/workspace.py"
    text = file.read_text(encoding="utf-8")
    copies = "        target.mkdir(parents=True)\n"
    assert copies in text
    file.write_text(text.replace(copies, f"        import shutil; raise shutil.Error([('app/main.py', '/somewhere/main.py', str({FULL}))])\n"),
                    encoding="utf-8")
    shutil.copytree(ROOT / "app", repository / "app", ignore=shutil.ignore_patterns("__pycache__"))

    done = subprocess.run([sys.executable, *command], cwd=repository, env=environment(), capture_output=True, text=True, encoding="utf-8",
                          timeout=300, check=False)

    shown = done.stdout + done.stderr
    assert TOLD in " ".join(shown.split()), shown
    assert "Traceback" not in shown


def test_an_inconclusive_kata_is_no_pass(repository: Path) -> None:
    """What can't be told has a sign of its own, its reason, and makes the run fail."""
    done = kata_that(repository, "def test_it() -> None:", '    """One is one."""', '    raise Inconclusive("the machine is too busy")')

    assert "? 1.1  A health endpoint" in done.stdout, done.stdout
    assert "\n  Expected: One is one.\n\n  Inconclusive: the machine is too busy\n" in done.stdout, done.stdout
    assert f"phase 1 · 1/{COUNT}" in done.stdout, done.stdout
    assert pytest.ExitCode.TESTS_FAILED == done.returncode
