"""Which tree is judged, and what is copied of it."""

from pathlib import Path

import pytest

from dojo.workspace import ANSWERS, ROOT, SOLUTIONS, NotAWorkspace, Workspace


def test_a_folder_that_is_not_there_is_named() -> None:
    """The error says which folder, and what to give instead."""
    with pytest.raises(NotAWorkspace, match="there is no folder nowhere: give --workspace"):
        Workspace.at("nowhere")


def test_a_folder_without_app_is_no_workspace(tmp_path: Path) -> None:
    """A folder that holds nothing to judge is refused."""
    with pytest.raises(NotAWorkspace, match="holds no app/"):
        Workspace.at(tmp_path)


def test_an_answer_is_laid_over_the_solutions(tmp_path: Path) -> None:
    """What an answer doesn't hold comes from solutions/."""
    answer = next((ANSWERS / "right").glob("1_5_*"))
    copy = Workspace.at(answer).snapshot(tmp_path / "copy")

    assert (answer / "app/routers/predict.py").read_text() == (copy / "app/routers/predict.py").read_text()
    assert (SOLUTIONS / "app/main.py").read_text() == (copy / "app/main.py").read_text()


def test_no_other_workspace_is_laid_over_anything() -> None:
    """A learner's missing file is missing, and never the solution's."""
    assert Workspace.at(ROOT).base is None
    assert Workspace.at("solutions").base is None


def test_only_what_a_learner_edits_is_copied(tmp_path: Path) -> None:
    """Caches, hidden files and everything beside app/ stay behind."""
    source = tmp_path / "source"
    for file in ("app/main.py", "app/__pycache__/main.pyc", "app/.hidden", "notes.txt", "Dockerfile"):
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_text("")

    copy = Workspace.at(source).snapshot(tmp_path / "copy")

    assert {"app/main.py", "Dockerfile"} == {str(f.relative_to(copy)) for f in copy.rglob("*") if f.is_file()}
