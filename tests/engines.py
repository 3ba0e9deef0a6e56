"""A real container engine for tests."""

import contextlib
from collections.abc import Iterator

import pytest

from dojo.engine import Engine, find
from tests.judging import engine

#: For tests that need one.
takes_engine = pytest.mark.skipif(not engine(), reason="there is no container engine here: .ci/container-engine up")


@contextlib.contextmanager
def opened_engine() -> Iterator[Engine]:
    """An engine, closed in the end."""
    one = Engine(*find())
    try:
        yield one
    finally:
        one.close()
