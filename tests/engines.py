"""A real container engine for tests: one that is closed in the end, and a context that builds in no time."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dojo.engine import REQUIRED, VARIABLE, Engine, find
from tests.judging import engine as engine_here

#: For tests that need one.
needs_engine = pytest.mark.skipif(not engine_here(), reason="there is no container engine here: .ci/container-engine up")


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """An engine, closed in the end."""
    one = Engine(*find())
    try:
        yield one
    finally:
        one.close()


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
