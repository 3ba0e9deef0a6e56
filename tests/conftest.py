"""What several files of tests share: fixtures, and a Ctrl-C that is heard."""

import signal
from pathlib import Path

import pytest

from dojo.engine import REQUIRED, VARIABLE
from tests.browser import browser

__all__ = ["browser"]

# A shell's background job ignores Ctrl-C, and so would all that the tests start, some of which have to end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "docker"))
    monkeypatch.delenv(REQUIRED, raising=False)


@pytest.fixture
def build_context(tmp_path: Path) -> Path:
    """A context that builds in no time, and needs nothing from anywhere."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context/Dockerfile").write_text("FROM python:3.11-slim-bookworm\nUSER 10001\nCMD [\"sleep\", \"600\"]\n")
    return tmp_path / "context"
