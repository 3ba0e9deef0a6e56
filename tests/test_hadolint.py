"""What hadolint finds is told by line and code."""

from pathlib import Path

from dojo.hadolint import hadolint


def test_hadolint_says_where_and_what(tmp_path: Path) -> None:
    """Its findings, also those that a comment would have it ignore."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n# hadolint ignore=DL3020\nADD a b\n")

    found = hadolint(tmp_path / "Dockerfile")

    assert found is not None
    assert [("DL3020", "error", 3)] == [(each.code, each.level, each.line) for each in found]
