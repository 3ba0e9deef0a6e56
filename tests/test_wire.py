"""What crosses between judge and host is plain data, also when a line is damaged."""

import io
import math
from collections import namedtuple
from dataclasses import dataclass
from enum import Enum

import pytest

from dojo.wire import LONGEST_LINE, Line, decode, encode, plain


class Named(str, Enum):  # noqa: UP042  # a StrEnum's str() is its text anyway
    FIRST = "the first"


@dataclass
class Point:
    x: float
    y: list[int]


def test_objects_become_plain_data() -> None:
    """Dataclasses and named tuples become mappings, other iterables lists."""
    pair = namedtuple("pair", "a b")

    assert {"x": 1.5, "y": [1, 2]} == plain(Point(1.5, (1, 2)))  # type: ignore[arg-type]
    assert {"a": 1, "b": [3]} == plain(pair(1, {3}))
    assert [None, True, "text"] == plain((None, True, "text"))


def test_a_text_of_another_class_is_its_text() -> None:
    """A member of an enumeration of texts crosses as its text, as a key and as a value."""
    assert b'{"value": {"the first": "the first", "1": 2}}\n' == encode({"value": plain({Named.FIRST: Named.FIRST, 1: 2})})


def test_what_is_no_plain_data_is_refused() -> None:
    """Anything else is a TypeError that names its type."""
    with pytest.raises(TypeError, match="object is no plain data"):
        plain(object())


def test_a_line_comes_back_as_it_was() -> None:
    """NaN and the infinities cross too."""
    message = decode(encode({"value": [math.inf, 1e-320]}))

    assert {"value": [math.inf, 1e-320]} == message


@pytest.mark.parametrize("line", [b"", b"{", b"[1]\n", b"\xff\xfe\n", b"garbage\n"])
def test_a_damaged_line_is_nothing(line: bytes) -> None:
    """A writer that died in the middle of a line harms nobody."""
    assert decode(line) is None


def test_a_reply_that_is_too_long_says_so() -> None:
    """The judge would take a longer line for the end of the host."""
    sent = io.BytesIO()

    Line(io.BytesIO(), sent).send(event="reply", id=3, value="x" * LONGEST_LINE)

    assert {"event": "reply", "id": 3, "too_long": True} == decode(sent.getvalue())
