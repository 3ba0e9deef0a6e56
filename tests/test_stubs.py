"""Stubs and solutions are pairs: the same names, and each stub red for its own reason.

Reads the stubs of the newest commit that changed solutions or katas, not the working tree, so it stays green in a learner's clone.
A commit that mends nothing but a stub isn't seen here: its solution or its kata has to change in the same one.
"""

import ast
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from dojo import catalog
from dojo.workspace import EDITABLE, ROOT, SOLUTIONS, Workspace
from tests.judging import engine, engine_tests, judge

EXERCISES = [exercise for exercise in catalog.exercises() if exercise.edit]
#: The exercise that a hole names; 1.5 starts where 1.3 ends, in the same file, 2.2 and 2.3 where 2.1 ends, 5.2 where 5.1 ends.
HOLES = {"1.5": "1.3", "2.2": "2.1", "2.3": "2.1", "5.2": "5.1"}
#: Holes that raise nothing, as nothing is called there: what the message says in its place.
SILENT = {"2.7": "app/main.py registers no TimingMiddleware yet", "5.1": "5.1: this Dockerfile doesn't build a service yet",
          "5.3": "docker-compose.yml has no service load-master"}


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a learner edits, as the newest commit that changed katas or solutions has it, which no learner's commit does."""
    log = ["git", "log", "-1", "--format=%H", "--", "solutions", "katas"]
    newest = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=False)
    folder = tmp_path_factory.mktemp("stubs")
    if newest.returncode or not newest.stdout.strip():
        pytest.fail("the stubs are read from git: run this in a clone, not in an unpacked archive")
    commit = newest.stdout.strip()
    listed = subprocess.run(["git", "ls-tree", "--name-only", commit], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    packed = subprocess.run(["git", "archive", commit, *set(EDITABLE).intersection(listed)], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    for file in {file for exercise in EXERCISES for file in exercise.edit}:
        if not (folder / file).exists():  # of an exercise that is being written
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes((ROOT / file).read_bytes())
    return folder


def public(tree: ast.Module) -> dict[str, str]:
    """Each public name of a module: its signature and its docstring, without its body."""
    found: dict[str, str] = {"module": ast.get_docstring(tree) or ""}

    def note(prefix: str, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[prefix + node.name] = f"class({', '.join(map(ast.unparse, node.bases))}) {ast.get_docstring(node)}"
                note(f"{prefix}{node.name}.", node.body)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                returns = ast.unparse(node.returns) if node.returns else ""
                found[prefix + node.name] = f"({ast.unparse(node.args)}) -> {returns} {ast.get_docstring(node)}"

    note("", tree.body)
    return found


@pytest.mark.parametrize("file", sorted({file for e in EXERCISES for file in e.edit if file.endswith(".py")}))
def test_stub_and_solution_have_the_same_public_names(file: str, stubs: Path) -> None:
    """All that a stub names stands in the solution, with the same signature and docstring."""
    stub = public(ast.parse((stubs / file).read_text(encoding="utf-8")))
    solution = public(ast.parse((SOLUTIONS / file).read_text(encoding="utf-8")))

    assert stub == {name: told for name, told in solution.items() if name in stub}


def test_what_is_given_complete_is_the_same_in_both(stubs: Path) -> None:
    """Files that no exercise edits are equal in ``app/`` and ``solutions/app/``."""
    edited = {file for exercise in EXERCISES for file in exercise.edit} | {"app/__init__.py"}
    mine = {str(f.relative_to(stubs)): f.read_text(encoding="utf-8") for f in (stubs / "app").rglob("*.py")}
    theirs = {str(f.relative_to(SOLUTIONS)): f.read_text(encoding="utf-8") for f in (SOLUTIONS / "app").rglob("*.py")}

    assert mine.keys() == theirs.keys()
    for file in mine.keys() - edited:
        assert theirs[file] == mine[file], file


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_a_stub_is_red_for_its_own_reason(exercise: catalog.Exercise, stubs: Path, tmp_path: Path) -> None:
    """With all else solved, an exercise's stub fails with the message of its own hole, in its own file."""
    workspace = Workspace.at(SOLUTIONS).snapshot(tmp_path / "workspace")
    for file in exercise.edit:
        (workspace / file).write_text((stubs / file).read_text(encoding="utf-8"), encoding="utf-8")
    hole = HOLES.get(exercise.id, exercise.id)

    verdict = judge(workspace, [exercise.id])

    assert {exercise.id: "red"} == verdict.states
    message = verdict.messages[exercise.id]
    reasons = (f"NotImplementedError: {hole}: ", f"This builds on {hole}", *filter(None, [SILENT.get(exercise.id)]))
    assert any(reason in message for reason in reasons), message
    assert exercise.edit[0] in message


def test_all_stubs_are_red_and_phase_0_is_green(stubs: Path) -> None:
    """A fresh clone is green in phase 0 and red in every exercise after it, never by a mistake of the dojo's."""
    verdict = judge(stubs)

    assert {e.id: "red" if e.edit else "green" for e in catalog.exercises()} == verdict.states


@pytest.mark.timeout(3600)
def test_all_solutions_are_green() -> None:
    """``solutions/`` passes every exercise; without a container engine what takes one is inconclusive."""
    expected = {e.id: "green" if engine() or not engine_tests(e.id) else "unclear" for e in catalog.exercises()}
    verdict = judge(SOLUTIONS)
    # Where a machine was too busy to tell, it is asked once more, as whoever runs the katas would.
    again = [each for each, state in verdict.states.items() if state == "unclear" and expected[each] == "green"]
    if again:
        second = judge(SOLUTIONS, again)
        verdict.states |= second.states
        verdict.shown += second.shown

    assert expected == verdict.states, verdict.shown


@pytest.mark.parametrize("exercise", catalog.exercises(), ids=lambda exercise: exercise.id)
def test_every_exercise_is_whole(exercise: catalog.Exercise) -> None:
    """Each exercise has a stub, a solution, a chapter section and three hints."""
    assert all((ROOT / file).is_file() and (SOLUTIONS / file).is_file() for file in exercise.edit)
    assert 3 == len(exercise.hints)
    assert all(hint for hint in exercise.hints)
    assert f'<a id="{catalog.anchor(exercise.id)}"></a>' in (ROOT / exercise.chapter).read_text(encoding="utf-8")


def test_a_broken_middleware_hides_no_other_exercise(tmp_path: Path) -> None:
    """What stands around all routes is judged by its own exercises; only phase 0, which asks for the whole service, is red as well."""
    workspace = Workspace.at(SOLUTIONS).snapshot(tmp_path / "workspace")
    (workspace / "app/middleware.py").write_text('raise RuntimeError("broken for this test")\n', encoding="utf-8")

    verdict = judge(workspace, ["0.1", "1.1", "1.3", "2.6", "2.7"])

    assert {"0.1": "red", "1.1": "green", "1.3": "green", "2.6": "green", "2.7": "green"} == verdict.states
    assert "app/middleware.py" in verdict.messages["0.1"]
