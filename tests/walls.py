"""The walls of a test that needs those of one level."""

import pytest

from dojo import jail


def held(level: str) -> jail.Jail:
    """The jail of that level; skips the test where it doesn't hold."""
    try:
        return jail.named(level)
    except ValueError as error:
        pytest.skip(str(error))
