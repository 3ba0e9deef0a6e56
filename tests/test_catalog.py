"""The catalog: what katas and chapters say fits together, and every link leads somewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dojo import catalog, cli
from dojo.catalog import CatalogError, Exercise
from dojo.evidence import plural
from dojo.workspace import ROOT

DOCUMENTS = [path for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))) if path.is_file()]

FENCE = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1", re.M | re.S)  # one in a list is indented
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:href|src)=\"([^\"]+)\"")
REFERENCE = re.compile(r"docs/(?:Exercises|Learning)/[\w.-]+\.md(?:#[\w.-]+)?")
HINT = re.compile(r"nox -s hint -- (\d+(?:\.\w+)+)")

every_exercise = pytest.mark.parametrize("exercise", catalog.exercises(), ids=lambda exercise: exercise.id)
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def prose(text: str) -> str:
    """Markdown without its blocks of code."""
    return FENCE.sub("", text)


def anchors(document: Path) -> set[str]:
    """What a link into ``document`` may name: its own ids, and those that GitHub gives to headings."""
    text = prose(document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+?) *$", text, re.M)
    slugs = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-") for heading in headings]
    return {*re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text), *slugs}


def broken(target: str, folder: Path, document: Path) -> bool:
    """Whether ``target``, a link of ``document`` that is taken from ``folder``, leads nowhere."""
    path, _, anchor = target.partition("#")
    found = (folder / path).resolve() if path else document
    if not found.exists() or (found != ROOT and ROOT not in found.parents):
        return True
    return bool(anchor) and found.suffix == ".md" and anchor not in anchors(found)


def sources() -> list[Path]:
    """All files whose text a learner may read."""
    folders = (ROOT / name for name in ("app", "dojo", "katas", "solutions"))
    return [*DOCUMENTS, *(path for folder in folders for path in sorted(folder.rglob("*.py")))]


# -- what there is


def test_the_exercises_stand_in_their_order() -> None:
    """Phases and exercises are sorted as numbers are, whatever the order of their files."""
    ids = [exercise.id for exercise in catalog.exercises()]
    phases = [phase.id for phase in catalog.phases()]

    assert ["0.1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"] == ids[:8]
    assert ["0", "1"] == phases[:2]
    assert sorted(phases, key=float) == phases
    assert len(set(ids)) == len(ids)


def test_every_kata_file_is_an_exercise() -> None:
    """No kata file is left out, and each says its own id in its name."""
    files = {path.relative_to(ROOT) for path in (ROOT / "katas").glob("phase*/**/test_*.py")}  # not the exam, which adds to them

    assert files == {exercise.kata for exercise in catalog.exercises()}
    for exercise in catalog.exercises():
        assert exercise.kata.name.startswith(f"test_{exercise.id.replace('.', '_').lower()}_"), exercise.kata


def test_every_section_of_a_chapter_has_its_kata() -> None:
    """The chapters' sections are the exercises, with the same titles in the same order."""
    sections = []
    for chapter in dict.fromkeys(exercise.chapter for exercise in catalog.exercises()):
        sections += re.findall(r"^## (\d[\w.]*|[A-H]) · (.+)$", (ROOT / chapter).read_text(encoding="utf-8"), re.M)

    assert sections == [(exercise.id, exercise.title) for exercise in catalog.exercises()]


def test_every_phase_has_the_title_of_its_chapter() -> None:
    """A chapter begins with its phase's number and title."""
    for phase in catalog.phases():
        first = (ROOT / phase.exercises[0].chapter).read_text(encoding="utf-8").splitlines()[0]
        assert f"# Phase {phase.id} · {phase.title}" == first


def test_the_readme_says_how_many_exercises_a_phase_has() -> None:
    """In its table of the phases, each with a link to its chapter."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for phase in catalog.phases():
        chapter = phase.exercises[0].chapter
        assert f"| [{Path(chapter).name}]({chapter}) | {plural(len(phase.exercises), 'exercise')}" in readme


@every_exercise
def test_each_has_three_hints(exercise: Exercise) -> None:
    """Hints are three, each with something to say, and none of them the same."""
    assert 3 == len(exercise.hints)
    assert 3 == len({hint for hint in exercise.hints if len(hint) > 40})


@every_exercise
def test_each_names_files_that_are_there(exercise: Exercise) -> None:
    """The files to edit are there as a stub and as a solution, and the chapter names them."""
    chapter = (ROOT / exercise.chapter).read_text(encoding="utf-8")

    for file in exercise.edit:
        assert (ROOT / file).is_file()
        assert (ROOT / "solutions" / file).is_file()
        assert f"[`{file}`]" in chapter


@every_exercise
def test_each_fits_its_line_of_the_terminal(exercise: Exercise) -> None:
    """Sign, id, title and file to edit fit 80 columns, with some space between."""
    file = exercise.edit[0] if exercise.edit else ""

    assert len(f"✗ {exercise.id}  {exercise.title}    {file}") <= 80


# -- links


@every_exercise
def test_the_link_of_a_failure_leads_to_its_section(exercise: Exercise) -> None:
    """What a failure says at its end, such as docs/Exercises/phase-1-foundation.md#15, is there."""
    assert not broken(exercise.link, ROOT, ROOT), exercise.link
    text = (ROOT / exercise.chapter).read_text(encoding="utf-8")
    assert re.search(rf'<a id="{catalog.anchor(exercise.id)}"></a>\n\n## {re.escape(exercise.id)} ·', text), exercise.link


@every_document
def test_every_link_leads_somewhere(document: Path) -> None:
    """Relative links name files of this repository and anchors that they have."""
    text = CODE.sub("", prose(document.read_text(encoding="utf-8")))
    targets = ["".join(found) for found in LINK.findall(text)]
    relative = [target for target in targets if not re.match(r"[a-z]+:", target)]

    assert [] == [target for target in relative if broken(target, document.parent, document)]


def test_every_document_that_is_named_is_there() -> None:
    """Comments, messages and hints name documents by their path from the root."""
    named = {(path, target) for path in sources() for target in REFERENCE.findall(path.read_text(encoding="utf-8"))}

    assert named
    assert [] == [(path, target) for path, target in named if broken(target, ROOT, path)]


def test_every_hint_that_is_offered_is_there() -> None:
    """Wherever `nox -s hint -- 1.5` stands, there is such an exercise."""
    ids = {exercise.id for exercise in catalog.exercises()}
    offered = {(path, found) for path in sources() for found in HINT.findall(path.read_text(encoding="utf-8"))}

    assert offered
    assert [] == [(path, found) for path, found in offered if found not in ids]


# -- what can be wrong


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small repository with one exercise, which the catalog reads in the place of this one."""
    kata = tmp_path / "katas/phase7_small/test_7_1_one.py"
    kata.parent.mkdir(parents=True)
    kata.write_text('pytestmark = exercise("7.1", edit="app/one.py")\n', encoding="utf-8")
    chapter = tmp_path / "docs/Exercises/phase-7.md"
    chapter.parent.mkdir(parents=True)
    hints = "\n".join(f"<details><summary>Hint {number}</summary>\n\nhint {number}\n\n</details>\n" for number in (1, 3, 2))
    chapter.write_text(f"# Phase 7 · Small\n\n## 7.1 · The only one\n\n{hints}", encoding="utf-8")
    monkeypatch.setattr(catalog, "ROOT", tmp_path)
    for cached in (catalog.phases, catalog._sections):
        cached.cache_clear()
    yield tmp_path
    for cached in (catalog.phases, catalog._sections):
        cached.cache_clear()


def test_an_exercise_is_read_from_its_kata_and_its_chapter(repository: Path) -> None:
    """Id and files come from the kata, title and hints from the chapter."""
    expected = Exercise("7.1", "The only one", ("app/one.py",), Path("katas/phase7_small/test_7_1_one.py"), Path("docs/Exercises/phase-7.md"),
                        ("hint 1", "hint 2", "hint 3"))

    assert (expected,) == catalog.exercises()
    assert ("7", "docs/Exercises/phase-7.md#71") == (expected.phase, expected.link)


def test_exercises_are_sorted_by_number(repository: Path) -> None:
    """7.10 comes after 7.9, and phase 7.5 after both."""
    text = (repository / "docs/Exercises/phase-7.md").read_text(encoding="utf-8")
    for number, folder in (("7.10", "phase7_small"), ("7.9", "phase7_small"), ("7.5.1", "phase7_5_smaller")):
        (repository / "katas" / folder).mkdir(exist_ok=True)
        (repository / "katas" / folder / f"test_{number.replace('.', '_')}_more.py").write_text(f'pytestmark = exercise("{number}")\n')
        text += f"\n## {number} · More\n"
    (repository / "docs/Exercises/phase-7.md").write_text(text, encoding="utf-8")

    assert ["7.1", "7.9", "7.10", "7.5.1"] == [exercise.id for exercise in catalog.exercises()]


def test_a_kata_without_its_marker_is_named(repository: Path) -> None:
    """The message says which file, and what has to stand there."""
    (repository / "katas/phase7_small/test_7_2_two.py").write_text("VALUE = 1\n")

    with pytest.raises(CatalogError) as caught:
        catalog.exercises()
    assert 'katas/phase7_small/test_7_2_two.py: no `pytestmark = exercise("<id>", edit="<file>")`' == str(caught.value)


def test_an_exercise_without_its_section_is_named(repository: Path) -> None:
    """The message says which heading is missing, and where."""
    (repository / "katas/phase7_small/test_7_2_two.py").write_text('pytestmark = exercise("7.2")\n')

    with pytest.raises(CatalogError) as caught:
        catalog.exercises()
    assert "no chapter in docs/Exercises/ has a heading `## 7.2 · <title>`" == str(caught.value)


def test_a_folder_with_another_name_is_named(repository: Path) -> None:
    """The message says how a phase's folder is named."""
    (repository / "katas/phase_eight").mkdir()

    with pytest.raises(CatalogError) as caught:
        catalog.exercises()
    assert "katas/phase_eight: a phase's folder is named phase<number>_<name>" == str(caught.value)


def test_an_unknown_exercise_is_answered_with_those_that_there_are(repository: Path) -> None:
    """The message lists the ids."""
    with pytest.raises(CatalogError) as caught:
        catalog.exercise("9.9")
    assert "there is no exercise 9.9; there are 7.1" == str(caught.value)


# -- hints on the command line


def hint(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m dojo.cli hint`` with ``arguments``."""
    return subprocess.run([sys.executable, "-m", "dojo.cli", "hint", *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
                          env={"PYTHONUTF8": "1"}, timeout=60)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace in which nothing was done yet: hints that were shown are remembered there."""
    (tmp_path / "app").mkdir()
    return tmp_path


def words(text: str) -> str:
    """A text without its line breaks, and without the signs that a terminal can't show."""
    return " ".join(re.sub(r"[`*]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)).split())


def test_the_first_hint_leads_to_the_second(workspace: Path) -> None:
    """Without a number it is the first hint, and how to get the next."""
    exercise = catalog.exercise("1.5")

    done = hint("1.5", "--workspace", str(workspace))

    expected = f"1.5  {exercise.title}   ·   hint 1 of 3\n\n{exercise.hints[0]}\n\nThe next one: nox -s hint -- 1.5\n"
    assert (0, words(expected), "") == (done.returncode, words(done.stdout), done.stderr)


@pytest.mark.parametrize(("asked", "given"), [("2", 2), ("3", 3), ("99", 3), ("0", 1), ("-1", 1)])
def test_a_hint_has_its_number(asked: str, given: int, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any number gets a hint: one that is too large the last, one that is too small the first."""
    exercise = catalog.exercise("1.5")

    status = cli.main(["hint", "1.5", asked, "--workspace", str(workspace)])

    shown = capsys.readouterr().out
    assert 0 == status
    assert words(f"hint {given} of 3\n\n{exercise.hints[given - 1]}\n\n") in words(shown)
    assert (f"Read on in {exercise.link}\n" in shown) == (given == 3)


def test_a_hint_for_no_exercise_is_one_clear_line() -> None:
    """An unknown id is told with those that there are."""
    done = hint("9.9")

    ids = ", ".join(" to ".join(dict.fromkeys((phase.exercises[0].id, phase.exercises[-1].id))) for phase in catalog.phases())
    assert (2, "", f"dojo: there is no exercise 9.9; there are {ids}\n") == (done.returncode, done.stdout, done.stderr)
