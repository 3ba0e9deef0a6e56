"""Fixtures that several files of tests share."""

from tests.browser import browser

__all__ = ["browser"]
