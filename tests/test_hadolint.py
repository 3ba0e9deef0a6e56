"""What hadolint finds is told by line and code."""

import sys
from pathlib import Path

import pytest

from dojo.hadolint import hadolint
from dojo.subject import Inconclusive


def test_hadolint_says_where_and_what(tmp_path: Path) -> None:
    """Its findings, also those that a comment would have it ignore."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n# hadolint ignore=DL3020\nADD a b\n")

    found = hadolint(tmp_path / "Dockerfile")

    assert found is not None
    assert [("DL3020", "error", 3)] == [(each.code, each.level, each.line) for each in found]


@pytest.mark.parametrize("said", ["", "null", "{}", "it failed"])
def test_a_hadolint_that_fails_has_no_say(said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is no list of findings is none that is empty."""
    program = tmp_path / "hadolint"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(Inconclusive, match="hadolint failed"):
        hadolint(tmp_path / "Dockerfile")
