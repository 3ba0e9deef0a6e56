"""How what was seen is told: places in the code, errors, and a picture of who waited when.

Pure text from plain data, 76 columns at most, so that it fits a terminal of 80 with its margin.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 76

#: What would command a terminal, turn the direction of the text, or couldn't be written at all: control characters but for the new line
#: and the tab, Unicode's signs of direction, and halves of surrogate pairs.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Picture(str):
    """Lines that must not be wrapped."""


def plural(count: int, noun: str) -> str:
    """``1 request``, ``2 requests``, ``2 queries``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{count} {noun}s"


def listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""


def visible(text: str) -> str:
    """``text`` with an escape, as a Python string has it, for each character that can't be seen: a learner's text may hold any."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def where(place: dict[str, Any] | None) -> str:
    """``app/main.py:12``."""
    return f"{place['file']}:{place['line']}" if place else "a place outside of your code"


def quoted(place: dict[str, Any] | None) -> str:
    """The source text of a place, as an indented line; empty when there is none."""
    return f"\n    {cut(place['text'], WIDTH - 6)}" if place and place.get("text") else ""


def cut(text: str, length: int) -> str:
    """``text``, with an ellipsis in the place of what is too much."""
    return text if len(text) <= length else text[: length - 1] + "…"


def last_lines(text: str, lines: int = 8) -> Picture:
    """The end of what a program said, as lines that aren't wrapped."""
    return Picture("\n".join(f"    {cut(line.rstrip(), 72)}" for line in text.strip().splitlines()[-lines:]))


def megabytes(size: float) -> str:
    """A size in bytes as people say it."""
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def raised(error: dict[str, Any]) -> str:
    """An exception of the learner's: type and message, then the line that raised it."""
    message = cut(" ".join(str(error["message"]).split()), 3 * WIDTH)
    head = f"{error['type']}: {message}" if message else str(error["type"])
    if not error["frames"]:
        return head
    return f"{head}\nraised at {where(error['frames'][-1])}:{quoted(error['frames'][-1])}"


def held_loop(block: dict[str, Any]) -> str:
    """Who held the event loop: the line, for how long, computing or waiting."""
    how = "computing" if block.get("computing") else "waiting"
    place, steps = block["place"], f" in {block['times']} steps" if block["proof"] == "identity" and block["times"] > 1 else ""
    return f"The event loop stood at {where(place)} for {block['seconds']:.2f} s{steps}, {how}:{quoted(place)}"


def stands(place: dict[str, Any] | None, computing: bool) -> str:
    """Where code stands that doesn't come back."""
    if place is None:
        return "It stands outside of your code, in a library."
    return f"It stands at {where(place)}, {'computing' if computing else 'waiting'}:{quoted(place)}"


def bars(rows: Iterable[tuple[str, float | None, float | None, str]], columns: int = 46) -> Picture:
    """A picture of who waited when, ``columns`` wide unless labels and notes need the room.

    A row is a label, a start and an end in seconds (None: never), and a note to its right. Without
    an end the row is drawn with dots; without a start it is left blank.
    """
    rows = list(rows)
    times = [t for _, start, end, _ in rows for t in (start, end) if t is not None]
    if not times:
        return Picture("")
    first, last = min(times), max(times)
    label_width = max(len(label) for label, *_ in rows)
    columns = max(16, min(columns, WIDTH - 4 - label_width - max(len(note) for *_, note in rows)))
    scale = columns / max(last - first, 1e-6)
    lines = []
    for label, start, end, note in rows:
        if start is None:
            line = ""
        else:
            begin = min(int((start - first) * scale), columns - 1)
            stop = columns if end is None else max(begin + 1, round((end - first) * scale))
            line = " " * begin + ("█" if end is not None else "·") * (stop - begin)
        lines.append(f"  {label:<{label_width}} {line:<{columns}} {note}".rstrip())
    lines.append(f"  {'':<{label_width}} {'0 s':<{columns - 8}}{last - first:>6.2f} s")
    return Picture("\n".join(lines))
