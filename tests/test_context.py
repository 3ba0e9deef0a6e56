"""What an engine is sent to build an image from."""

import subprocess
import sys
from pathlib import Path

import pytest

from dojo.context import OLDER, Trap, context, pip_settings
from dojo.workspace import ROOT, SOLUTIONS, Workspace


def test_a_context_holds_what_the_image_is_made_of(tmp_path: Path) -> None:
    """The workspace, the given files, and constraints of which some aren't the newest."""
    workspace = Workspace.at(SOLUTIONS).snapshot(tmp_path / "workspace")
    (workspace / "Dockerfile").write_text("# syntax=docker/dockerfile:1\nFROM scratch\n")
    (workspace / "app/main.py").chmod(0o666)  # as some umasks would have it

    made = context(workspace, tmp_path / "context", files=Trap().files)

    pins = (made / "constraints.txt").read_text().splitlines()
    assert {f"{name}=={version}" for name, version in OLDER.items()} <= set(pins)
    assert (ROOT / "constraints.txt").read_text().splitlines() != pins
    assert len((ROOT / "constraints.txt").read_text().splitlines()) == len(pins)
    assert 0o644 == (made / "app/main.py").stat().st_mode & 0o777
    assert "syntax=" not in (made / "Dockerfile").read_text()
    assert all((made / path).is_file() for path in ("app/main.py", "pyproject.toml", ".env", ".git/config", "tests/test_service.py"))


def test_versions_that_are_older_are_those_of_packages_that_the_service_has() -> None:
    """Else nobody would see who reads the constraints."""
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)

    assert all(pins[name] != version for name, version in OLDER.items())


def test_settings_for_pip_are_handed_over_when_they_mean_something_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An index is, with its password; a folder of this machine isn't."""
    (tmp_path / "pip.conf").write_text("[global]\nextra-index-url = file:///opt/index\ncert = /etc/ssl/cert.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:word@index.example/simple")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)

    assert "[global]\nindex-url = https://me:word@index.example/simple\n" == pip_settings()


def test_pip_is_asked_even_where_the_environment_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in one that uv made: then it is the pip of the Python that it was made from."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")

    assert "index-url = https://index.example/simple\n" in pip_settings()
